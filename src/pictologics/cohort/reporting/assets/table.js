// The table of cases, a page at a time.

const shown = { indices: [], page: 0, size: 25 };
const head = document.getElementById("head");
const body = document.getElementById("rows");

/** Labels that a row names; the rest is a number. */
const LABELS_IN_ROW = 3;

function makeLabel([value, name]) {
  const swatch = make("span", { class: "swatch", "aria-hidden": "true" });
  swatch.style.backgroundColor = data.colors[(((value - 1) % data.colors.length) + data.colors.length) % data.colors.length];
  return make("li", { title: name }, swatch, make("span", {}, name));
}

function makeLabels(labels, most) {
  if (!labels) return make("span", { class: "none" }, "none");
  const more = labels.length - most;
  return make("ul", { class: "label-list" }, ...labels.slice(0, most).map(makeLabel),
    more > 0 ? make("li", { class: "more" }, `and ${more} more`) : null);
}

function makeStatus(item) {
  return make("span", { class: `status ${item.status}` },
    make("span", { class: `dot ${item.status}`, "aria-hidden": "true" }), STATUS_NAMES[item.status]);
}

function makePicture(index) {
  const item = cases[index];
  // For the pointer only: with keys, the button with the name of the case does the same.
  const frame = make("div", { class: "picture", "data-open": index });
  if (!item.hasPicture) {
    frame.append(make("span", { class: "no-picture" }, "No picture"));
    return frame;
  }
  const side = data.planeSide;
  const picture = make("img", { width: 3 * side, height: side, decoding: "async", alt: describePlanes(item) });
  frame.append(picture);
  findPictures(index).then((pictures) => {
    if (pictures) picture.src = pictureAddress(pictures.planes);
  });
  return frame;
}

function describePlanes(item) {
  const labels = (item.labels || []).slice(0, LABELS_IN_ROW).map((label) => label[1]);
  return `Axial, coronal and sagittal plane${labels.length ? ` with outlines: ${labels.join(", ")}` : ""}`;
}

function makeFindings(item) {
  const parts = [];
  if (item.error || item.errorText !== undefined) {
    parts.push(make("p", { class: "error" }, make("strong", {}, item.error || "Error"), " ",
      make("span", { class: "clamped" }, textOf(item.errorText) || "")));
  }
  const files = describeFiles(item);
  if (files.length) parts.push(make("p", { class: "error" }, make("strong", {}, files.join(", "))));
  const warnings = listTexts(item.warnings);
  if (warnings.length) {
    parts.push(make("p", { class: "warning" }, make("strong", {}, plural(warnings.length, "warning")), " ",
      make("span", { class: "clamped" }, warnings[0])));
  }
  if (item.notes && !files.length) {
    parts.push(make("p", { class: "warning" }, make("span", { class: "clamped" }, item.notes[0])));
  }
  return parts.length ? parts : [make("span", { class: "none" }, "none")];
}

function makeCell(column, ...children) {
  return make("td", { role: "cell", class: column, "data-title": COLUMNS.find((other) => other.id === column).title }, ...children);
}

/** Letters that fit into the column of names in one line. */
const LONGEST_UNBROKEN = 22;

/** A name in parts that end with "_" and stay whole, so that it is not broken elsewhere. */
function breakName(name) {
  return name.split(/(?<=_)/).flatMap((part) => (part.length <= LONGEST_UNBROKEN
    ? [make("span", { class: "unbroken" }, part), document.createElement("wbr")] : [part]));
}

function makeRow(index) {
  const item = cases[index];
  const name = make("button", { type: "button", class: "case-name", "data-open": index, "aria-haspopup": "dialog" }, ...breakName(item.id));
  const scanner = scannerOf(item);
  const none = () => make("span", { class: "none" }, "–");
  return make("tr", { role: "row", class: item.status },
    makeCell("picture", makePicture(index)),
    make("th", { role: "rowheader", scope: "row", class: "case" }, name),
    makeCell("status", makeStatus(item)),
    makeCell("modality", item.modality || none(), scanner ? make("span", { class: "second" }, scanner) : null),
    makeCell("size", formatShape(item.shape) || none(), item.orientation ? make("span", { class: "second" }, item.orientation) : null),
    makeCell("spacing", formatSpacing(item.spacing, coarse) || none()),
    makeCell("labels", makeLabels(item.labels, LABELS_IN_ROW)),
    makeCell("notes", ...makeFindings(item)),
    makeCell("time", formatSeconds(item.seconds) || none(),
      item.peak ? make("span", { class: "second" }, formatBytes(item.peak)) : null));
}

function showPage() {
  const pages = Math.max(1, Math.ceil(shown.indices.length / shown.size));
  shown.page = Math.min(Math.max(shown.page, 0), pages - 1);
  const first = shown.page * shown.size;
  const indices = shown.indices.slice(first, first + shown.size);
  const rows = indices.map(makeRow);
  if (!rows.length) {
    const text = cases.length ? "No case fits these filters." : "No case has ended yet.";
    rows.push(make("tr", { role: "row", class: "nothing" }, make("td", { role: "cell", colspan: COLUMNS.length }, text)));
  }
  body.replaceChildren(...rows);
  document.getElementById("page-number").textContent = `Page ${grouped.format(shown.page + 1)} of ${grouped.format(pages)}`;
  document.getElementById("previous-page").disabled = shown.page === 0;
  document.getElementById("next-page").disabled = shown.page >= pages - 1;
}

function describeResult() {
  const { title } = COLUMNS.find((column) => column.id === choice.sort);
  const all = shown.indices.length === cases.length;
  const count = all ? plural(cases.length, "case") : `${grouped.format(shown.indices.length)} of ${plural(cases.length, "case")}`;
  return `${count}, sorted by ${title.replace(/,.*/, "").toLowerCase()}${choice.descending ? ", descending" : ""}`;
}

/** Choose the cases anew, and show their first page. */
function update() {
  shown.indices = chooseCases();
  shown.page = 0;
  showPage();
  document.getElementById("result").textContent = describeResult();
  for (const cell of head.children) {
    if (cell.dataset.sort === choice.sort) cell.setAttribute("aria-sort", choice.descending ? "descending" : "ascending");
    else cell.removeAttribute("aria-sort");
  }
  document.getElementById("sorting").value = `${choice.sort}${choice.descending ? "-" : ""}`;
  document.getElementById("reset").hidden =
    choice.status === "all" && !choice.words.length && !choice.findings && !choice.bars.size;
}

function makeHead() {
  const sorting = document.getElementById("sorting");
  for (const { id, title, key } of COLUMNS) {
    const cell = make("th", { role: "columnheader", scope: "col", class: id });
    if (key) {
      cell.dataset.sort = id;
      cell.append(make("button", { type: "button" }, title, make("span", { class: "arrow", "aria-hidden": "true" })));
      sorting.append(make("option", { value: id }, title), make("option", { value: `${id}-` }, `${title}, descending`));
    } else {
      cell.textContent = title;
    }
    head.append(cell);
  }
}
