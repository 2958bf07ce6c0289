// Numbers and names as people read them.

const grouped = new Intl.NumberFormat("en");
const rounded = new Intl.NumberFormat("en", { maximumSignificantDigits: 4, useGrouping: false });

const plural = (count, noun) => `${grouped.format(count)} ${noun}${count === 1 ? "" : "s"}`;

const formatShape = (shape) => (shape ? shape.join(" × ") : "");
const coarse = new Intl.NumberFormat("en", { maximumSignificantDigits: 3, useGrouping: false });
const formatSpacing = (spacing, format = rounded) => (spacing ? spacing.map((length) => format.format(length)).join(" × ") : "");

function formatBytes(bytes) {
  if (bytes === undefined) return "";
  const units = ["B", "kB", "MB", "GB", "TB"];
  let size = bytes;
  let unit = 0;
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${unit ? size.toPrecision(3) : size} ${units[unit]}`;
}

function formatSeconds(seconds) {
  if (seconds === undefined) return "";
  if (seconds < 120) return `${seconds < 9.95 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

const scannerOf = (item) => [item.manufacturer, item.model].filter(Boolean).join(" ");

/** What is wrong with the files of a case, in words. */
function describeFiles(item) {
  const states = (item.outputs || []).map((output) => output[4]);
  const words = [];
  for (const [state, verb] of [["gone", "gone"], ["changed", "changed since"]]) {
    const count = states.filter((other) => other === state).length;
    if (count) words.push(`${plural(count, "file")} ${verb}`);
  }
  return words;
}

/** Everything that a person should look at. */
function hasFindings(item) {
  return Boolean(item.status !== "done" || item.warnings || item.notes || describeFiles(item).length);
}
