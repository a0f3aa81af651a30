"use strict";
(() => {
  const root = document.documentElement;
  const charts = JSON.parse(document.getElementById("charts").textContent);
  const touch = matchMedia("(pointer: coarse)").matches;
  const config = {
    responsive: true,
    displaylogo: false,
    displayModeBar: touch ? false : "hover",
    modeBarButtons: [["toImage", "zoom2d", "pan2d", "resetScale2d"]], // none that sends data away
  };
  const night = matchMedia("(prefers-color-scheme: dark)");
  const dark = Object.entries(JSON.parse(root.dataset.dark));
  const chosen = (name) => document.querySelector(`input[name="${name}"]:checked`)?.value;
  const views = [...document.querySelectorAll(".view")];

  function keyOf(place) {
    const parts = [place.dataset.chart];
    if ("byMetric" in place.dataset) parts.push(chosen("metric") ?? views[0].dataset.view);
    if ("byM" in place.dataset) parts.push(chosen("m"));
    return parts.join("/");
  }

  function themed(chart) {
    let text = JSON.stringify(chart);
    if (night.matches) {
      // old colours give way to marks first: a new colour may be another's old one
      dark.forEach(([old], place) => { text = text.replaceAll(old, `\u0001${place}\u0002`); });
      dark.forEach(([, fresh], place) => { text = text.replaceAll(`\u0001${place}\u0002`, fresh); });
    }
    return JSON.parse(text);
  }

  function draw(place) {
    const { data, layout } = themed(charts[keyOf(place)]);
    const spread = document.getElementById("spread")?.checked ?? false;
    for (const trace of data) if (trace.meta === "replicates") trace.visible = spread;
    if (spread && layout.meta) layout.yaxis = layout.meta.spread; // wide enough for all replicates
    if (touch) layout.dragmode = false; // a finger scrolls the page
    if (place.clientWidth < 480) layout.font.size = 11;
    Plotly.react(place, data, layout, config);
  }

  function update() {
    const metric = chosen("metric") ?? views[0].dataset.view;
    for (const view of views) view.hidden = view.dataset.view !== metric;
    document.querySelectorAll("[data-chart]").forEach(draw);
  }

  root.classList.remove("plain");
  document.addEventListener("change", update);
  night.addEventListener("change", update);
  update();
})();
