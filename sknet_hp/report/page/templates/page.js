"use strict";

// ---- tables: a click on a heading sorts by its column -----------------------------------------------------------

function sortBy(heading) {
  const table = heading.closest("table");
  const column = heading.cellIndex;
  const descending = heading.getAttribute("aria-sort") === "ascending";
  for (const other of table.querySelectorAll("th")) other.setAttribute("aria-sort", "none");
  heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
  const body = table.tBodies[0];
  const rows = [...body.rows].map((row) => [row.cells[column], row]);
  const isNumber = rows.some(([cell]) => cell.classList.contains("number"));
  const compare = (a, b) => (isNumber ? Number(a) - Number(b) : a.localeCompare(b, "en", { numeric: true }));
  rows.sort(([a], [b]) => {
    const [x, y] = [a.dataset.key, b.dataset.key];
    if (x === "" || y === "") return (x === "") - (y === ""); // what is not known stands last, either way
    return descending ? compare(y, x) : compare(x, y);
  });
  body.append(...rows.map(([, row]) => row));
}

for (const button of document.querySelectorAll("th button")) {
  button.addEventListener("click", () => sortBy(button.closest("th")));
}

// ---- charts ----------------------------------------------------------------------------------------------------

async function drawCharts() {
  for (const place of document.querySelectorAll(".chart")) {
    const spec = JSON.parse(document.getElementById(place.dataset.spec).textContent);
    try {
      const options = { mode: "vega-lite", renderer: "svg", actions: false, tooltip: { theme: "page" } };
      const label = place.getAttribute("aria-label");
      const { view } = await vegaEmbed(place, spec, options);
      place.querySelector("svg").setAttribute("aria-hidden", "true"); // the place itself is the image, with its text
      place.setAttribute("role", "img"); // Vega has put its own words there
      place.setAttribute("aria-roledescription", "chart");
      place.setAttribute("aria-label", label);
      followKeys(place, view);
    } catch (error) {
      place.textContent = "This chart could not be drawn."; // and the others still can
      console.error(place.dataset.spec, error);
    }
  }
  document.documentElement.dataset.drawn = "all";
}

// ---- charts by keyboard: arrow keys go from point to point, and show what pointing at it shows -------------------

function listPoints(view) {
  const found = [];
  const visit = (group, x, y) => {
    for (const mark of group.items) {
      for (const item of mark.items) {
        if (mark.marktype === "group") visit(item, x + (item.x || 0), y + (item.y || 0));
        else if (item.tooltip) found.push({ item, ...place(mark, item, x, y) });
      }
    }
  };
  const place = (mark, item, x, y) => {
    if (mark.marktype === "line") return { x: x + item.x, y: y + item.y };
    return { x: x + (item.bounds.x1 + item.bounds.x2) / 2, y: y + (item.bounds.y1 + item.bounds.y2) / 2 };
  };
  visit({ items: [view.scenegraph().root] }, ...view.origin().map((start, k) => start + view.padding()[k ? "top" : "left"]));
  const known = new Map(found.map((point) => [JSON.stringify(point.item.tooltip), point])); // rings lie on points
  return [...known.values()].sort((a, b) => a.x - b.x || a.y - b.y);
}

function followKeys(chart, view) {
  if (!listPoints(view).length) return;
  const said = document.getElementById("said");
  let at = -1;
  chart.tabIndex = 0;
  chart.setAttribute("role", "application"); // arrow keys are ours, not those of a screen reader
  chart.setAttribute("aria-label", `${chart.getAttribute("aria-label").replace(/\.?$/, ".")} Arrow keys show its points.`);
  const show = (point) => {
    const svg = chart.querySelector("svg");
    const box = svg.getBoundingClientRect();
    const scale = box.width / svg.viewBox.baseVal.width;
    const spot = { clientX: box.left + scale * (point?.x ?? 0), clientY: box.top + scale * (point?.y ?? 0) };
    view.tooltip()(view, spot, point?.item, point?.item.tooltip ?? null);
    const parts = point ? Object.entries(point.item.tooltip) : [];
    said.textContent = parts.map(([name, value]) => `${name}: ${value}`).join(", ");
  };
  chart.addEventListener("keydown", (event) => {
    const points = listPoints(view);
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") show(null);
    else if (step) at = Math.min(Math.max(at + step, 0), points.length - 1);
    else if (event.key === "Home" || event.key === "End") at = event.key === "Home" ? 0 : points.length - 1;
    else return;
    event.preventDefault();
    if (event.key !== "Escape") show(points[at]);
  });
  chart.addEventListener("blur", () => show(null));
}

drawCharts();

// ---- print: what is folded away on the screen is shown on paper ---------------------------------------------------

let opened = [];
window.addEventListener("beforeprint", () => {
  opened = [...document.querySelectorAll("details:not([open])")];
  for (const each of opened) each.open = true;
});
window.addEventListener("afterprint", () => {
  for (const each of opened) each.open = false;
});
