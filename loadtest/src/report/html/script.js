// Values follow the pointer.
for (const plot of document.querySelectorAll(".plot")) {
  const rows = JSON.parse(plot.querySelector("script").textContent);
  const svg = plot.querySelector("svg"), cursor = plot.querySelector(".cursor"), readout = plot.querySelector(".readout");
  if (!rows.length) continue;
  svg.addEventListener("pointermove", (event) => {
    const box = svg.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * svg.viewBox.baseVal.width;
    const near = rows.reduce((best, row) => (Math.abs(row[0] - x) < Math.abs(best[0] - x) ? row : best));
    cursor.setAttribute("x1", near[0]);
    cursor.setAttribute("x2", near[0]);
    cursor.removeAttribute("hidden");
    readout.textContent = near[1];
  });
  svg.addEventListener("pointerleave", () => {
    cursor.setAttribute("hidden", "");
    readout.textContent = "";
  });
}
