// One case: its slices, and all that is known of it.

const viewer = document.getElementById("viewer");
const canvas = document.getElementById("canvas");
const slider = document.getElementById("slice");
const viewing = { index: -1, sheet: null, picture: null, opener: null, sheets: [] };

function describeSlice() {
  const { sheet } = viewing;
  return `${sheet.view} slice ${sheet.indices[slider.valueAsNumber] + 1} of ${sheet.count}`;
}

function drawSlice() {
  const { sheet, picture } = viewing;
  if (!sheet || !picture) return;
  const place = slider.valueAsNumber;
  const [width, height] = sheet.size;
  const left = (place % sheet.columns) * sheet.step[0];
  const top = Math.floor(place / sheet.columns) * sheet.step[1];
  const box = canvas.getBoundingClientRect();
  canvas.width = Math.max(1, Math.round(box.width * devicePixelRatio));
  canvas.height = Math.max(1, Math.round(box.height * devicePixelRatio));
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, left, top, width, height, 0, 0, canvas.width, canvas.height);
  const text = describeSlice();
  slider.setAttribute("aria-valuetext", text);
  canvas.setAttribute("aria-label", `${cases[viewing.index].id}, ${text}`);
  document.getElementById("slice-text").value = text;
}

async function showSheet(number) {
  const sheet = viewing.sheets[number];
  viewing.sheet = sheet;
  viewing.picture = null;
  const picture = new Image();
  picture.src = pictureAddress(sheet.data);
  canvas.style.aspectRatio = `${sheet.size[0]} / ${sheet.size[1]}`;
  // As large as the stage allows, whatever its proportions.
  canvas.style.setProperty("--proportion", sheet.size[0] / sheet.size[1]);
  slider.max = sheet.indices.length - 1;
  slider.value = Math.floor(sheet.indices.length / 2);
  slider.disabled = sheet.indices.length < 2;
  ["left", "right", "top", "bottom"].forEach((side, k) => {
    viewer.querySelector(`.letter.${side}`).textContent = sheet.letters[k];
  });
  const left = sheet.count - sheet.indices.length;
  document.getElementById("slice-hint").textContent =
    `${left ? `${sheet.indices.length} of ${sheet.count} slices. ` : ""}Grays: ${sheet.window}. Arrow keys, Page Up and Down, Home and End move through the slices.`;
  try {
    await picture.decode();
  } catch {
    return;
  }
  if (viewing.sheet !== sheet) return;
  viewing.picture = picture;
  drawSlice();
}

function showStage(pictures) {
  const sheets = pictures ? pictures.sheets : [];
  viewing.sheets = sheets;
  viewing.sheet = null;
  const stage = document.getElementById("stage");
  const note = document.getElementById("stage-note");
  const choices = document.getElementById("image");
  stage.classList.toggle("bare", !sheets.length);
  document.getElementById("controls").hidden = !sheets.length;
  document.getElementById("slice-hint").hidden = !sheets.length;
  document.getElementById("image-choice").hidden = sheets.length < 2;
  choices.replaceChildren(...sheets.map((sheet, k) => make("option", { value: k }, sheet.name)));
  note.replaceChildren();
  if (sheets.length) {
    showSheet(0);
  } else if (pictures) {
    const picture = make("img", { alt: describePlanes(cases[viewing.index]), src: pictureAddress(pictures.planes) });
    note.append(picture);
  } else {
    const item = cases[viewing.index];
    note.textContent = item.notes ? item.notes.join("; ") : item.status === "done"
      ? "This page has no picture of this case." : "This case made no image.";
  }
}

function makeFacts(facts) {
  const list = make("dl", {});
  for (const [name, value] of facts) {
    if (value) list.append(make("div", {}, make("dt", {}, name), make("dd", {}, value)));
  }
  return list;
}

function makeTexts(title, texts, kind) {
  if (!texts.length) return null;
  return make("section", { class: kind || "" }, make("h3", {}, title), make("ul", {}, ...texts.map((text) => make("li", {}, text))));
}

function makeOutputs(outputs) {
  if (!outputs) return null;
  const states = { gone: "gone", changed: "changed since it was written" };
  return make("section", { class: "outputs" }, make("h3", {}, "Files"), make("ul", {}, ...outputs.map(
    ([path, role, name, bytes, state]) => make("li", {}, make("span", { class: "path" }, path),
      make("span", { class: "second" }, [...new Set([role, name]), formatBytes(bytes ?? undefined)].filter(Boolean).join(", ")),
      state ? make("strong", { class: "error" }, states[state]) : null))));
}

function showDetails(item) {
  const numbers = (list) => (list ? list.map((number) => rounded.format(number)).join(", ") : "");
  const parts = [
    item.error || item.errorText !== undefined
      ? make("section", { class: "error" }, make("h3", {}, item.error || "Error"), make("p", {}, textOf(item.errorText) || "")) : null,
    makeFacts([
      ["Modality", item.modality], ["Scanner", scannerOf(item)], ["Size", formatShape(item.shape)],
      ["Spacing", item.spacing ? `${formatSpacing(item.spacing)} mm` : ""],
      ["Axes run to", item.orientation], ["First voxel", item.origin ? `${numbers(item.origin)} mm LPS` : ""],
      ["Time", formatSeconds(item.seconds)], ["Memory", item.peak ? formatBytes(item.peak) : ""],
      ["Attempts", item.attempts > 1 ? String(item.attempts) : ""], ["Ended", item.ended && item.ended.replace(/^([\d-]+)T([\d:]+).*$/, "$1 $2 UTC")],
    ]),
    item.labels ? make("section", {}, make("h3", {}, "Labels"), makeLabels(item.labels, Infinity)) : null,
    makeTexts("Warnings", listTexts(item.warnings), "warning"),
    makeTexts("Pictures", item.notes || [], "warning"),
    makeTexts("Decisions", listTexts(item.decisions)),
    makeOutputs(item.outputs),
    makeTexts("Made of series", item.series || []),
    item.versions === undefined ? null : make("p", { class: "second" }, textOf(item.versions)),
  ];
  document.getElementById("details").replaceChildren(...parts.filter(Boolean));
}

async function showCase(index) {
  viewing.index = index;
  const item = cases[index];
  document.getElementById("viewer-title").textContent = item.id;
  document.getElementById("viewer-status").replaceChildren(makeStatus(item));
  const place = shown.indices.indexOf(index);
  document.getElementById("previous-case").disabled = place <= 0;
  document.getElementById("next-case").disabled = place < 0 || place >= shown.indices.length - 1;
  showDetails(item);
  document.getElementById("details").scrollTop = 0;
  const pictures = item.hasPicture ? await findPictures(index) : null;
  if (viewing.index === index) showStage(pictures);
}

function openViewer(index, opener) {
  viewing.opener = opener;
  viewer.showModal();
  showCase(index).then(() => (slider.offsetParent && !slider.disabled ? slider : document.getElementById("viewer-title")).focus());
}

function moveToCase(step) {
  const place = shown.indices.indexOf(viewing.index) + step;
  if (place >= 0 && place < shown.indices.length) showCase(shown.indices[place]);
}

function startViewer() {
  slider.addEventListener("input", drawSlice);
  new ResizeObserver(drawSlice).observe(canvas);
  document.getElementById("image").addEventListener("change", (event) => showSheet(Number(event.target.value)));
  document.getElementById("previous-case").addEventListener("click", () => moveToCase(-1));
  document.getElementById("next-case").addEventListener("click", () => moveToCase(1));
  document.getElementById("close-viewer").addEventListener("click", () => viewer.close());
  viewer.addEventListener("click", (event) => {
    // Only what lies beside the dialog is the dialog itself.
    if (event.target === viewer) viewer.close();
  });
  viewer.addEventListener("close", () => {
    if (viewing.opener && viewing.opener.isConnected) viewing.opener.focus();
  });
  document.getElementById("stage").addEventListener("wheel", (event) => {
    if (!viewing.sheet || slider.disabled) return;
    event.preventDefault();
    slider.value = slider.valueAsNumber + Math.sign(event.deltaY);
    drawSlice();
  }, { passive: false });
}
