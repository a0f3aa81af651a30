"use strict";
// A structure is drawn with OpenChemLib's editor, which is fetched when it is first unfolded.
(() => {
  const desk = document.getElementById("draw");
  if (!desk) return;
  const place = desk.querySelector(".canvas"), told = document.getElementById("drawn");
  const ends = /\[(?:R\d*|\?)\]/g; // how the editor writes an open end
  let chemistry = null, editor = null;

  function start() {
    const molecule = new chemistry.Molecule(8, 8);
    if (desk.dataset.ends !== undefined) { // a repeat unit to go on from: its two ends are there
      const atoms = [142, 6, 6, 143].map((number) => molecule.addAtom(number));
      for (const place of [0, 1, 2]) molecule.addBond(atoms[place], atoms[place + 1]);
      molecule.inventCoordinates();
    }
    editor.setMolecule(molecule);
  }

  function smiles() {
    const molecule = editor?.getMolecule();
    return molecule?.getAllAtoms() ? molecule.toIsomericSmiles().replaceAll(ends, "*") : "";
  }

  desk.addEventListener("toggle", async () => {
    if (!desk.open || editor) return;
    told.textContent = "Loading the editor …";
    try {
      chemistry = await import(desk.dataset.editor);
      editor = new chemistry.CanvasEditor(place);
      editor.setOnChangeListener(() => { told.textContent = smiles(); });
      start();
      told.textContent = smiles();
    } catch (error) {
      told.textContent = `The editor cannot be loaded (${error.message}): write SMILES instead.`;
    }
  });

  desk.querySelector("[data-take]").addEventListener("click", () => {
    const text = document.getElementById("text"), line = smiles();
    if (!line) return;
    const before = text.value.trimEnd();
    const half = desk.dataset.pair !== undefined, whole = half && before.endsWith(" in");
    text.value = before + (whole ? " " : before ? "\n" : "") + line + (half && !whole ? " in " : "");
    told.textContent = `Added: ${line}`;
    start();
  });
})();
