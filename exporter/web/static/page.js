// Keeps the page current, filters it, and copies commands. Without it the page is whole, too.
"use strict";

const EVERY_MS = 5000;

// What people unfolded or folded themselves: data-key -> open.
const folded = new Map();
// What each part was when it came: nothing is touched that did not change.
const known = new Map();
let failedSince = null;

function keep(section) {
  const boxes = new Map();
  for (const box of section.querySelectorAll("[data-box]")) {
    boxes.set(box.dataset.box, [box.scrollLeft, box.scrollTop]);
  }
  const focused = section.contains(document.activeElement) ? document.activeElement : null;
  return { boxes, focus: focused && nameOf(focused) };
}

// How the same thing is found again in a newer page.
function nameOf(element) {
  if (element.matches("summary")) return ["data-key", element.parentElement.dataset.key, " > summary"];
  if (element.matches("a[href]")) return ["href", element.getAttribute("href"), ""];
  if (element.dataset.box) return ["data-box", element.dataset.box, ""];
  return null;
}

function restore(section, kept) {
  for (const details of section.querySelectorAll("details[data-key]")) {
    if (folded.has(details.dataset.key)) details.open = folded.get(details.dataset.key);
  }
  for (const box of section.querySelectorAll("[data-box]")) {
    const place = kept.boxes.get(box.dataset.box);
    if (place) [box.scrollLeft, box.scrollTop] = place;
  }
  if (kept.focus) {
    const [attribute, value, rest] = kept.focus;
    const found = section.querySelector(`[${attribute}="${CSS.escape(value)}"]${rest}`);
    if (found) found.focus({ preventScroll: true });
  }
}

function take(fresh) {
  document.title = fresh.title;
  for (const section of fresh.querySelectorAll("[data-live]")) {
    const old = document.getElementById(section.id);
    const html = section.innerHTML;
    if (!old || known.get(section.id) === html) continue;
    known.set(section.id, html);
    const kept = keep(old);
    old.replaceWith(document.adoptNode(section));
    restore(section, kept);
    addCopying(section);
  }
  const footer = fresh.querySelector("footer");
  if (footer) document.querySelector("footer").replaceWith(document.adoptNode(footer));
  filter();
}

function tell(text) {
  const news = document.getElementById("news");
  if (news.textContent !== text) news.textContent = text;
}

function headline() {
  const line = document.querySelector("#state .headline");
  return line ? line.textContent.trim().replace(/\s+/g, " ") : "";
}

async function renew() {
  const before = headline();
  try {
    const answer = await fetch(document.body.dataset.poll, { signal: AbortSignal.timeout(EVERY_MS * 2) });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    take(new DOMParser().parseFromString(await answer.text(), "text/html"));
    document.body.classList.remove("stale");
    if (failedSince || headline() !== before) tell(headline());
    failedSince = null;
  } catch {
    failedSince = failedSince || new Date();
    document.body.classList.add("stale");
    tell(`This agent has not answered since ${failedSince.toLocaleTimeString()}: what you see is old.`);
  }
}

async function follow() {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    if (!document.hidden) await renew();
  }
}

function addCopying(part) {
  for (const code of part.querySelectorAll("code.command")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.addEventListener("click", () => copy(code, button));
    code.after(" ", button);
  }
}

// The clipboard's own interface is for HTTPS alone, and agents are mostly reached without.
function copy(code, button) {
  const range = document.createRange();
  range.selectNodeContents(code);
  const selection = document.getSelection();
  selection.removeAllRanges();
  selection.addRange(range);
  const copied = document.execCommand("copy");
  button.textContent = copied ? "Copied" : "Selected";
  setTimeout(() => { button.textContent = "Copy"; }, 2000);
}

function filter() {
  const input = document.getElementById("filter-text");
  if (!input) return;
  const wanted = input.value.trim().toLowerCase();
  for (const row of document.querySelectorAll("tr[data-name]")) {
    row.hidden = wanted !== "" && !searched(row).includes(wanted);
  }
  for (const details of document.querySelectorAll("details.stack")) {
    const rows = [...details.querySelectorAll("tr[data-name]")];
    const left = rows.some((row) => !row.hidden);
    details.hidden = rows.length > 0 && !left;
    if (wanted && left && rows.length) details.open = true;
    if (!wanted && folded.has(details.dataset.key)) details.open = folded.get(details.dataset.key);
  }
}

function searched(row) {
  if (!row.searched) {
    const links = [...row.querySelectorAll("a[href]")].map((link) => link.search.replaceAll("+", " "));
    const heads = [...row.querySelectorAll("th[title]")].map((head) => head.title);
    row.searched = [row.textContent, ...heads, ...links.map(decoded)].join(" ").toLowerCase();
  }
  return row.searched;
}

function decoded(text) {
  try { return decodeURIComponent(text); } catch { return text; }
}

// Arrow keys go from cell to cell of a matrix; empty ones are passed over.
function step(event) {
  const steps = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };
  const link = event.target.closest && event.target.closest("table.cells td a");
  if (!link || !(event.key in steps)) return;
  const [right, down] = steps[event.key];
  const table = link.closest("table");
  let column = link.closest("td").cellIndex;
  let row = link.closest("tr").rowIndex;
  for (;;) {
    column += right;
    row += down;
    const cell = table.rows[row] && table.rows[row].cells[column];
    if (!cell || row === 0 || column === 0) return;
    const next = cell.querySelector("a");
    if (next && !table.rows[row].hidden) {
      event.preventDefault();
      next.focus();
      return;
    }
  }
}

document.addEventListener("click", (event) => {
  const summary = event.target.closest && event.target.closest("summary");
  const details = summary && summary.parentElement;
  if (details && details.dataset.key) folded.set(details.dataset.key, !details.open);
});
document.addEventListener("keydown", step);
const form = document.getElementById("filter");
if (form) {
  form.hidden = false;
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
}
addCopying(document);
follow();
