// Which cases are shown, and in which order.

const choice = { status: "all", words: [], findings: false, bars: new Map(), sort: "case", descending: false };

const volumeOf = (item) => (item.shape ? item.shape.reduce((product, count) => product * count, 1) : undefined);
const voxelOf = (item) => (item.spacing ? item.spacing.reduce((product, length) => product * length, 1) : undefined);
const STATUS_ORDER = ["killed", "failed", "unreadable", "refused", "done"];

/** The columns: a title, and what they sort by. */
const COLUMNS = [
  { id: "picture", title: "Pictures" },
  { id: "case", title: "Case", key: (item) => item.id },
  { id: "status", title: "Status", key: (item) => STATUS_ORDER.indexOf(item.status) },
  { id: "modality", title: "Modality", key: (item) => item.modality && `${item.modality} ${scannerOf(item)}` },
  { id: "size", title: "Size", key: volumeOf },
  { id: "spacing", title: "Spacing, mm", key: voxelOf },
  { id: "labels", title: "Labels", key: (item) => (item.labels || []).length },
  { id: "notes", title: "Findings", key: (item) => (item.warnings || []).length + (item.status === "done" ? 0 : 1000) },
  { id: "time", title: "Time", key: (item) => item.seconds },
];

const names = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

/** Compare two keys; what has none comes last in either order. */
function compareKeys(first, second, sign) {
  const [firstIsKnown, secondIsKnown] = [first, second].map((key) => key !== undefined && key !== "");
  if (!firstIsKnown || !secondIsKnown) return secondIsKnown - firstIsKnown;
  return sign * (typeof first === "number" ? first - second : names.compare(first, second));
}

const searched = [];

/** What a search looks at, put together when it is first asked for. */
function searchTextOf(index) {
  if (searched[index] === undefined) {
    const item = cases[index];
    const parts = [
      item.id, item.status, item.modality, scannerOf(item), item.orientation, formatShape(item.shape),
      item.error, textOf(item.errorText), ...listTexts(item.warnings), ...listTexts(item.decisions),
      ...(item.labels || []).map((label) => label[1]), ...(item.series || []), ...(item.notes || []),
      ...(item.outputs || []).map((output) => output[0]),
    ];
    searched[index] = parts.filter(Boolean).join("\n").toLowerCase();
  }
  return searched[index];
}

function isChosen(index) {
  const item = cases[index];
  if (choice.status !== "all" && item.status !== choice.status) return false;
  if (choice.findings && !hasFindings(item)) return false;
  for (const [chart, bars] of choice.bars) {
    if (!data.places[chart][index].some((bar) => bars.has(bar))) return false;
  }
  return choice.words.every((word) => searchTextOf(index).includes(word));
}

/** The numbers of the cases that are shown, in their order. */
function chooseCases() {
  const { key } = COLUMNS.find((column) => column.id === choice.sort);
  const sign = choice.descending ? -1 : 1;
  const found = [];
  for (let index = 0; index < cases.length; index += 1) {
    if (isChosen(index)) found.push([index, key(cases[index])]);
  }
  found.sort((first, second) => compareKeys(first[1], second[1], sign) || first[0] - second[0]);
  return found.map(([index]) => index);
}
