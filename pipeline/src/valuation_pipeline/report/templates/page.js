// SPDX-License-Identifier: Apache-2.0
"use strict";
(() => {
  // Tables: a click on a heading sorts by what the column shows, numbers by size, values that are missing last.
  const number = (text) => {
    const shown = text.split("[")[0].replaceAll(",", "").replace("−", "-").replace("∞", "Infinity");
    return parseFloat(shown.replace(/^[<>]/, ""));
  };
  const compare = (a, b) => {
    if (typeof a === "string") return a.localeCompare(b, "en", { numeric: true });
    return a < b ? -1 : a > b ? 1 : 0;
  };
  for (const heading of document.querySelectorAll("thead th")) {
    heading.querySelector("button").addEventListener("click", () => {
      const numeric = heading.classList.contains("n");
      const sorted = heading.getAttribute("aria-sort");
      const down = sorted ? sorted === "ascending" : numeric;
      for (const other of heading.parentElement.children) other.removeAttribute("aria-sort");
      heading.setAttribute("aria-sort", down ? "descending" : "ascending");
      const body = heading.closest("table").tBodies[0];
      const keyed = Array.from(body.rows, (row) => {
        const text = row.cells[heading.cellIndex].textContent;
        const key = numeric ? number(text) : text;
        return { row, key, missing: text === "–" || Number.isNaN(key) };
      });
      keyed.sort((a, b) => a.missing - b.missing || (a.missing ? 0 : (down ? -1 : 1) * compare(a.key, b.key)));
      body.append(...keyed.map((entry) => entry.row));
    });
  }

  // Charts.
  const specifications = document.querySelectorAll("script.specification");
  if (specifications.length === 0) return;
  const config = JSON.parse(document.getElementById("chart-config").textContent);
  const tip = document.createElement("dl");
  tip.className = "tip";
  tip.hidden = true;
  document.body.append(tip);
  const tooltip = (_handler, event, _item, value) => {
    tip.hidden = value === null || value === undefined || value === "";
    if (tip.hidden) return;
    const rows = typeof value === "object" ? Object.entries(value) : [["", value]];
    tip.replaceChildren(
      ...rows.flatMap(([name, text]) =>
        [["dt", name], ["dd", text]].map(([tag, content]) => {
          const element = document.createElement(tag);
          element.textContent = content;
          return element;
        }),
      ),
    );
    const left = Math.min(event.clientX + 12, document.documentElement.clientWidth - tip.offsetWidth - 8);
    const below = event.clientY + 14 + tip.offsetHeight < window.innerHeight;
    tip.style.left = `${Math.max(8, left)}px`;
    tip.style.top = `${below ? event.clientY + 14 : event.clientY - tip.offsetHeight - 10}px`;
  };
  const options = { mode: "vega-lite", renderer: "svg", actions: false, ast: true, defaultStyle: false, config, tooltip };
  for (const script of specifications) {
    const plot = script.parentElement.querySelector(".plot");
    const description = plot.textContent;
    plot.replaceChildren();
    vegaEmbed(plot, JSON.parse(script.textContent), options).catch((error) => {
      plot.textContent = `This chart could not be drawn (${error.message}). It shows: ${description}`;
      console.error(error);
    });
  }
})();
