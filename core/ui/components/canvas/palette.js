// What can be put in: blocks, sections, and blocks somebody kept. Each is dragged, or pressed to put it after what is chosen.
function drawPalette(place, data, drag, act) {
  const words = JSON.stringify([data.palette, data.editable])
  if (place.dataset.drawn === words) return
  place.dataset.drawn = words
  place.hidden = !data.editable

  const tile = (what, label, picture) => {
    const button = make("button", { type: "button", class: "tile", "data-kind": what.kind || what.layout || "saved", title: `Add: ${label}` }, picture, make("span", {}, label))
    let viaPointer = false
    const add = () => act({ do: "add", ...what })
    button.onpointerdown = event => { viaPointer = true; drag.hold(event, { ...what, label }, add) }
    // A key presses it without a pointer; with one, the drag has told already whether it was only a click.
    button.onclick = event => { if (!viaPointer || event.detail === 0) add(); viaPointer = false }
    button.ondragstart = event => event.preventDefault()
    return button
  }
  const group = (label, tiles) => (tiles.length
    ? [make("h3", {}, label), make("div", { class: "tiles", role: "group", "aria-label": label }, ...tiles)] : [])

  const saved = data.palette.saved.map(one => tile({ saved: one.id }, one.name, icon("saved")))
  const find = make("input", { type: "search", class: "find", placeholder: "Find a kept block", "aria-label": "Find a kept block" })
  find.oninput = () => {
    const wanted = find.value.trim().toLowerCase()
    saved.forEach((one, at) => { one.hidden = !data.palette.saved[at].name.toLowerCase().includes(wanted) })
  }
  const kept = group("Kept blocks", saved)
  if (saved.length > 12) kept.splice(1, 0, find)

  place.replaceChildren(
    ...group("Blocks", data.palette.blocks.map(one => tile({ kind: one.kind }, one.label, icon(one.kind)))),
    ...group("Sections", data.palette.layouts.map(one => tile({ layout: one.layout }, one.label, layoutIcon(one.widths)))),
    ...kept,
  )
}
