// The email as a list: what a keyboard or a screen reader edits it by.
function outlining({ list, choose, act, isEditable }) {
  let drawn = "", selected = ""
  const items = () => [...list.querySelectorAll("[role=treeitem]")]

  const item = (part, level, name, kind) => make(
    "div",
    { role: "treeitem", title: name, id: "part-" + part.id, "data-id": part.id, "aria-level": level, tabindex: "-1", class: "level" + level, onclick: () => choose(part.id, true) },
    icon(kind), make("span", {}, name), part.condition ? make("span", { class: "flag", role: "img", title: part.condition, "aria-label": part.condition }, icon("eye")) : null,
    part.unsaid ? make("span", { class: "flag tongue", title: part.unsaid, role: "img", "aria-label": part.unsaid }, part.tongues) : null,
    part.problem ? make("span", { class: "flag bad", role: "img", title: part.problem, "aria-label": part.problem }, "!") : null,
  )

  const draw = outline => {
    const words = JSON.stringify(outline)
    if (words === drawn) return
    drawn = words
    const root = list.getRootNode()
    const had = list.contains(root.activeElement) ? root.activeElement.dataset.id : null
    const order = items().map(one => one.dataset.id)
    const rows = outline.flatMap((section, at) => [
      item(section, 1, section.name || `Section ${at + 1}`, "section"),
      ...section.columns.flatMap((column, number) => column.blocks.map(block => item(
        block, 2, section.columns.length > 1 ? `${block.name} (column ${number + 1})` : block.name, block.kind))),
    ])
    list.replaceChildren(...rows)
    if (had === null) return
    // What had the focus may be gone: then its neighbour has it.
    const there = items()
    const next = there.find(one => one.dataset.id === had) || there[Math.min(order.indexOf(had), there.length - 1)]
    if (next) focus(next)
  }

  const focus = element => {
    items().forEach(one => { one.tabIndex = -1 })
    element.tabIndex = 0
    element.focus({ preventScroll: false })
  }

  const show = id => {
    selected = id
    const all = items()
    all.forEach(one => one.setAttribute("aria-selected", String(one.dataset.id === id)))
    if (!all.some(one => one.tabIndex === 0) && all.length) (all.find(one => one.dataset.id === id) || all[0]).tabIndex = 0
    const chosen = all.find(one => one.dataset.id === id)
    if (chosen) {
      all.forEach(one => { one.tabIndex = one === chosen ? 0 : -1 })
      const top = chosen.offsetTop - list.offsetTop
      if (top < list.scrollTop || top + chosen.offsetHeight > list.scrollTop + list.clientHeight) list.scrollTop = Math.max(0, top - 40)
    }
  }

  const walk = (from, by) => {
    const all = items()
    const next = all[Math.max(0, Math.min(all.length - 1, (from ? all.indexOf(from) : -1) + by))]
    if (next) focus(next)
  }

  // Keys that mean something wherever the focus is in the editor; true if it was one of them.
  const pressed = (event, focused) => {
    const key = event.key.toLowerCase(), ctrl = event.ctrlKey || event.metaKey
    const row = focused?.closest?.("[role=treeitem]")
    const id = row?.dataset.id || selected
    if (row && !event.altKey && !ctrl) {
      if (key === "arrowdown" || key === "arrowup") { walk(row, key === "arrowdown" ? 1 : -1); return true }
      if (key === "home" || key === "end") { walk(null, key === "home" ? 1 : 1e6); return true }
      if (key === "enter" || key === " ") { choose(id); return true }
    }
    if (!isEditable()) return false
    if (ctrl && key === "z") { act({ do: event.shiftKey ? "redo" : "undo" }); return true }
    if (ctrl && key === "y") { act({ do: "redo" }); return true }
    if (!id) return false
    if (event.altKey && (key === "arrowdown" || key === "arrowup")) { act({ do: "step", id, by: key === "arrowdown" ? 1 : -1 }); return true }
    if (ctrl && key === "d") { act({ do: "duplicate", id }); return true }
    if (key === "delete" || key === "backspace") { act({ do: "remove", id }); return true }
    return false
  }
  return { draw, show, pressed }
}
