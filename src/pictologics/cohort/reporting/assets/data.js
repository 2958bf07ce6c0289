// What the page knows: the cases, and their pictures, which are taken from the page when they are needed.

const data = JSON.parse(document.getElementById("data").textContent);
const cases = data.cases;

const STATUS_NAMES = {
  done: "Done", failed: "Failed", refused: "Refused", killed: "Killed", unreadable: "Unreadable row",
};

/** Blocks of pictures that stay parsed; each has those of as many cases as a short page shows. */
const BLOCKS_KEPT = 12;
const blocks = new Map();

const loaded = new Promise((resolve) => {
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", resolve, { once: true });
  else resolve();
});

/** The pictures of a case, or null: they may stand in a part of the page that is not there yet. */
async function findPictures(index) {
  const number = Math.floor(index / data.blockSize);
  let block = blocks.get(number);
  if (!block) {
    const id = `pictures-${number}`;
    // The next block tells that this one is complete.
    if (!document.getElementById(`pictures-${number + 1}`)) await loaded;
    const element = document.getElementById(id);
    block = element ? JSON.parse(element.textContent) : [];
    blocks.set(number, block);
    if (blocks.size > BLOCKS_KEPT) blocks.delete(blocks.keys().next().value);
  }
  return block[index % data.blockSize] || null;
}

const textOf = (number) => data.texts[number];
const listTexts = (numbers) => (numbers || []).map(textOf);

/** An element with text, never with markup: what files and messages say stays what it is. */
function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

const pictureAddress = (base64) => `data:image/webp;base64,${base64}`;
