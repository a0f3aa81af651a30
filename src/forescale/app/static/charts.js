"use strict";
// Figures: fetched from the address in data-figure and drawn by plotly.js. Nothing is computed here.
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const touch = matchMedia("(pointer: coarse)").matches;
  const config = { responsive: true, displaylogo: false, displayModeBar: false };
  const night = {
    "#1f2933": "#dde3ea", "#6b7280": "#9aa5b1", "#eceff3": "#323b45", "#f6f7f9": "#222931", "#e3e6ea": "#39424c",
    "#b45309": "#f0a35a", "#9d174d": "#f078a8", "rgba(255,255,255,0.8)": "rgba(23,28,34,0.8)",
    "#440154": "#b07cd8", "#472d7b": "#a78be0", "#3b528b": "#7e9be0", "#2c728e": "#5db0cf",
  };
  const lighter = (colour) => {
    // Colours of m run from dark violet to green: the dark ones are lifted on a dark page.
    const found = /^(#|rgba\()(.*)$/.exec(colour);
    if (!found) return colour;
    let [r, g, b, a] = found[1] === "#"
      ? [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16)).concat([1])
      : found[2].replace(")", "").split(",").map(Number);
    const light = 0.2126 * r + 0.7152 * g + 0.0722 * b;
    if (light > 110) return colour;
    const lift = (v) => Math.round(v + (255 - v) * 0.45);
    return `rgba(${lift(r)},${lift(g)},${lift(b)},${a})`;
  };
  const at_night = (value) => {
    if (typeof value === "string") {
      if (value in night) return night[value];
      return /^(#[0-9a-f]{6}|rgba\(\d+,\d+,\d+,[\d.]+\))$/i.test(value) ? lighter(value) : value;
    }
    if (Array.isArray(value)) return value.map(at_night);
    if (value && typeof value === "object")
      return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, at_night(v)]));
    return value;
  };

  function failed(place, why) {
    place.textContent = `The figure cannot be drawn: ${why}`;
    place.classList.add("failed");
    place.removeAttribute("aria-busy");
  }

  function draw(place, chart) {
    const { data, layout } = dark.matches ? at_night(chart) : structuredClone(chart);
    const spread = document.getElementById("spread")?.checked ?? false;
    if (place.dataset.figure?.includes("figure=learning_curves")) {
      for (const trace of data) if (trace.meta === "replicates") trace.visible = spread;
      if (spread && layout.meta) layout.yaxis = layout.meta.spread;
    }
    layout.dragmode = false;
    for (const axis of ["xaxis", "yaxis"]) if (layout[axis]) layout[axis].fixedrange = true;
    layout.legend = { ...layout.legend, y: 0, yref: "container", yanchor: "bottom" };
    if (place.clientWidth < 480) {
      layout.font = { ...layout.font, size: 11 };
      for (const axis of ["xaxis", "yaxis"]) if (layout[axis]) layout[axis].tickangle = 0;
      const x = layout.xaxis;
      if (x?.tickvals?.length > 4) { // every other one: they would stand on each other
        const kept = (_, place) => place % 2 === (x.tickvals.length + 1) % 2;
        x.ticktext = x.ticktext.filter(kept);
        x.tickvals = x.tickvals.filter(kept);
      }
    }
    place.chart = chart;
    place.removeAttribute("aria-busy");
    return Plotly.react(place, data, layout, config);
  }

  async function fetched(place) {
    const address = place.dataset.figure;
    place.shown = address;
    place.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(address, { headers: { accept: "application/json" } });
      if (place.shown !== address) return; // another was asked for meanwhile
      if (!answer.ok) throw new Error(`the app answered ${answer.status}`);
      await draw(place, await answer.json());
    } catch (error) {
      failed(place, error.message);
    }
  }

  function paint(root) {
    for (const place of root.querySelectorAll("[data-figure]"))
      if (place.shown !== place.dataset.figure) fetched(place);
    for (const place of root.querySelectorAll("[data-inline-figure]")) {
      const held = document.getElementById(place.dataset.inlineFigure);
      if (held && place.shown !== held.textContent) {
        place.shown = held.textContent;
        draw(place, JSON.parse(held.textContent));
      }
    }
    for (const cell of root.querySelectorAll("[data-fill]")) {
      cell.style.backgroundColor = cell.dataset.fill;
      cell.style.color = cell.dataset.ink;
    }
    for (const bar of root.querySelectorAll("[data-left]")) {
      bar.style.left = `${bar.dataset.left}%`;
      if (bar.dataset.width) bar.style.width = `${bar.dataset.width}%`;
    }
  }

  function again() {
    for (const place of document.querySelectorAll("[data-figure], [data-inline-figure]"))
      if (place.chart) draw(place, place.chart);
  }

  document.addEventListener("DOMContentLoaded", () => paint(document));
  document.addEventListener("htmx:afterSettle", () => paint(document));
  document.addEventListener("change", (event) => { if (event.target.id === "spread") again(); });
  dark.addEventListener("change", again);

  // What was waited for and did not come says so where it should have stood.
  document.addEventListener("htmx:responseError", (event) => {
    for (const place of event.target.querySelectorAll?.(".loading") ?? []) {
      place.classList.replace("loading", "failed");
      place.textContent = "This cannot be shown: the message is at the top of the page.";
    }
  });

  // Sliders: a logarithmic range writes the number beside it, and the number moves the range.
  const shown = (v) => (v >= 1e4 || v < 1e-3 ? Number(v).toPrecision(3) : String(Number(v.toPrecision(3))));
  document.addEventListener("input", (event) => {
    const range = event.target.closest("input[type=range][data-number]");
    if (range) {
      const value = Math.exp(Number(range.value));
      const box = document.getElementById(range.dataset.number);
      box.value = range.dataset.whole === undefined ? Number(value.toPrecision(3)) : Math.round(value);
      range.setAttribute("aria-valuetext", `${shown(value)} ${range.dataset.unit ?? ""}`.trim());
      return;
    }
    const box = event.target.closest("input[data-range]");
    if (box && Number(box.value) > 0)
      document.getElementById(box.dataset.range).value = Math.log(Number(box.value));
  });
})();
