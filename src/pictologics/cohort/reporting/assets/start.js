// What happens when: every control of the page.

/** Where the browser keeps the chosen colors; from a disk it may refuse to keep anything. */
const THEME_KEY = "pictologics-report-theme";

function startTheme() {
  const root = document.documentElement;
  const buttons = [...document.querySelectorAll("#theme input")];
  const show = (theme) => {
    root.dataset.theme = theme;
    for (const button of buttons) button.checked = button.value === theme;
  };
  try {
    show(localStorage.getItem(THEME_KEY) || "system");
  } catch {
    show("system");
  }
  document.getElementById("theme").addEventListener("change", (event) => {
    show(event.target.value);
    try {
      localStorage.setItem(THEME_KEY, event.target.value);
    } catch {
      // The choice holds until the page is closed.
    }
  });
}

function chooseStatus(status) {
  choice.status = status;
  for (const tile of document.querySelectorAll(".tile")) {
    tile.setAttribute("aria-pressed", String(tile.dataset.status === status));
  }
}

function toggleBar(button) {
  const chart = Number(button.dataset.chart);
  const bar = Number(button.dataset.bar);
  const bars = choice.bars.get(chart) || new Set();
  if (!bars.delete(bar)) bars.add(bar);
  if (bars.size) choice.bars.set(chart, bars);
  else choice.bars.delete(chart);
  button.setAttribute("aria-pressed", String(bars.has(bar)));
}

function clearFilters() {
  chooseStatus("all");
  Object.assign(choice, { words: [], findings: false });
  choice.bars.clear();
  document.getElementById("search").value = "";
  document.getElementById("findings").checked = false;
  for (const button of document.querySelectorAll(".bar[aria-pressed=true]")) button.setAttribute("aria-pressed", "false");
}

function startFilters() {
  document.getElementById("tiles").addEventListener("click", (event) => {
    const tile = event.target.closest(".tile");
    if (!tile) return;
    chooseStatus(tile.dataset.status);
    update();
  });
  document.getElementById("charts")?.addEventListener("click", (event) => {
    const button = event.target.closest(".bar");
    if (!button) return;
    toggleBar(button);
    update();
  });
  let waiting;
  document.getElementById("search").addEventListener("input", (event) => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      choice.words = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
      update();
    }, 120);
  });
  document.getElementById("findings").addEventListener("change", (event) => {
    choice.findings = event.target.checked;
    update();
  });
  document.getElementById("reset").addEventListener("click", () => {
    clearFilters();
    update();
    document.getElementById("search").focus();
  });
}

function startTable() {
  makeHead();
  head.addEventListener("click", (event) => {
    const cell = event.target.closest("th[data-sort]");
    if (!cell) return;
    choice.descending = choice.sort === cell.dataset.sort && !choice.descending;
    choice.sort = cell.dataset.sort;
    update();
  });
  document.getElementById("sorting").addEventListener("change", (event) => {
    choice.descending = event.target.value.endsWith("-");
    choice.sort = event.target.value.replace(/-$/, "");
    update();
  });
  body.addEventListener("click", (event) => {
    const target = event.target.closest("[data-open]");
    if (!target) return;
    openViewer(Number(target.dataset.open), target.closest("tr").querySelector(".case-name"));
  });
  const turn = (step) => {
    shown.page += step;
    showPage();
    // The next page is read from its top.
    document.getElementById("cases").scrollIntoView({ block: "start" });
    document.getElementById("result").textContent = `${describeResult()}, page ${shown.page + 1}`;
  };
  document.getElementById("previous-page").addEventListener("click", () => turn(-1));
  document.getElementById("next-page").addEventListener("click", () => turn(1));
  document.getElementById("page-size").addEventListener("change", (event) => {
    shown.size = Number(event.target.value);
    shown.page = 0;
    showPage();
  });
}

function startCharts() {
  const charts = document.getElementById("charts");
  if (!charts) return;
  // Lengths are set here, since the page allows no styles in its markup.
  for (const button of charts.querySelectorAll(".bar")) button.style.setProperty("--share", button.dataset.share);
  if (matchMedia("(max-width: 820px)").matches) charts.open = false;
}

startTheme();
startCharts();
startFilters();
startTable();
startViewer();
update();
