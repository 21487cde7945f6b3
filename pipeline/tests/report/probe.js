// SPDX-License-Identifier: Apache-2.0
// What a reader would see of the page, as one object.
const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
const parsed = (colour) => {
  canvas.clearRect(0, 0, 1, 1);
  canvas.fillStyle = colour;
  canvas.fillRect(0, 0, 1, 1);
  return Array.from(canvas.getImageData(0, 0, 1, 1).data);
};
const linear = (part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4);
const luminance = (colour) => {
  const [red, green, blue] = parsed(colour).map(linear);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};
const behind = (element) => {
  for (let at = element; at; at = at.parentElement) {
    const colour = getComputedStyle(at).backgroundColor;
    if (parsed(colour)[3] > 0) return colour;
  }
  return "white";
};
// The contrast of WCAG 2.2: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio
const between = (one, other) => (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
const contrast = (element) => {
  const style = getComputedStyle(element);
  return between(luminance(element.closest("svg") ? style.fill : style.color), luminance(behind(element)));
};
const texts = Array.from(document.querySelectorAll("body *")).filter(
  (element) =>
    !["SCRIPT", "STYLE", "TITLE"].includes(element.tagName) &&
    element.getClientRects().length > 0 &&
    Array.from(element.childNodes).some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim() !== ""),
);
const faint = texts.filter((element) => contrast(element) < 4.5);
const plots = Array.from(document.querySelectorAll(".plot"), (plot) => ({
  marks: plot.querySelectorAll("[class*='role-mark'] path, [class*='role-mark'] line").length,
  description: plot.getAttribute("aria-label"),
  role: plot.getAttribute("role"),
  width: plot.querySelector("svg").getBoundingClientRect().width,
  broken: Array.from(plot.querySelectorAll("svg *")).filter((element) =>
    Array.from(element.attributes).some((attribute) => /NaN|Infinity/.test(attribute.value)),
  ).length,
}));
return {
  title: document.title,
  overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  background: luminance(getComputedStyle(document.body).backgroundColor),
  series_contrasts: [1, 2, 3, 4, 5, 6].map((number) =>
    between(
      luminance(getComputedStyle(document.documentElement).getPropertyValue(`--series-${number}`)),
      luminance(behind(document.body)),
    ),
  ),
  text_count: texts.length,
  faint: faint.map((element) => `${element.tagName} ${element.textContent.slice(0, 40)}: ${contrast(element)}`),
  plots,
  headings: Array.from(document.querySelectorAll("h1, h2, h3, h4"), (heading) => Number(heading.tagName[1])),
  scopes: Array.from(document.querySelectorAll("th"), (heading) => heading.scope),
  captions: Array.from(document.querySelectorAll("table"), (table) => table.caption?.textContent ?? ""),
  symbols: Array.from(document.querySelectorAll(".status"), (status) => ({
    drawn: status.querySelector("svg") !== null,
    words: status.textContent.trim(),
    colour: getComputedStyle(status).color,
  })),
  links: Array.from(document.querySelectorAll("nav a"), (link) => ({
    text: link.textContent,
    target: document.getElementById(decodeURIComponent(link.hash.slice(1)))?.textContent,
  })),
  images: document.images.length,
};
