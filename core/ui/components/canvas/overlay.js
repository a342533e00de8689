// What is drawn above the email: what the pointer is over, what is chosen with its handle and buttons, where something would drop.
function overlaying({ overlay, stage, places, kindOf, sectionOf, isSection, hold, act, select, isEditable }) {
  const hover = make("div", { class: "hover", hidden: true })
  const line = make("div", { class: "line", hidden: true })
  const chosen = make("div", { class: "chosen", hidden: true })
  const bar = make("div", { class: "bar", role: "toolbar", "aria-label": "Chosen part", hidden: true })
  const notes = make("div", { class: "notes" })
  overlay.append(notes, hover, chosen, line, bar)
  let on = "", left = ""

  const put = (element, box) => {
    element.hidden = !box
    if (!box) return
    const [left, top, width, height] = box
    Object.assign(element.style, { left: left + "px", top: top + "px", width: width + "px", height: (height ?? 0) + "px" })
  }

  const button = (name, label, go) => make("button", { type: "button", title: label, "aria-label": label, onclick: go }, icon(name))

  // A button that is drawn anew has the focus that it had, also where its part was not measured yet in between.
  const focused = () => {
    const one = bar.getRootNode().activeElement
    return bar.contains(one) ? one.title : ""
  }
  const drawBar = id => {
    const had = focused() || (bar.getRootNode().activeElement ? "" : left)
    left = ""
    const grip = make("span", { class: "grip", title: "Drag to move" }, icon("grip"), kindOf(id))
    grip.onpointerdown = event => { event.preventDefault(); event.stopPropagation(); hold(event, { id, isSection: isSection(id) }) }
    bar.replaceChildren(
      grip,
      isSection(id) ? "" : button("section", "Choose its section", () => select(sectionOf(id))),
      button("up", "Move up", () => act({ do: "step", id, by: -1 })),
      button("down", "Move down", () => act({ do: "step", id, by: 1 })),
      button("copy", "Duplicate", () => act({ do: "duplicate", id })),
      button("bin", "Delete", () => { stage.focus({ preventScroll: true }); act({ do: "remove", id }) }),
    )
    if (had) ([...bar.querySelectorAll("button")].find(one => one.title === had) || bar.querySelector("button")).focus()
    bar.onpointerdown = bar.onclick = event => event.stopPropagation() // what lies under the bar is not meant
  }

  const choose = id => {
    const box = id && places.boxOf(id)
    put(chosen, box)
    chosen.classList.toggle("whole", Boolean(id) && isSection(id))
    if (!box || !isEditable()) {
      left = id && (focused() || left)
      bar.hidden = true
      on = ""
      return
    }
    bar.hidden = false
    if (on !== id) { drawBar(id); on = id }
    const room = overlay.clientWidth
    bar.style.top = (box[1] >= 34 ? box[1] - 34 : Math.min(box[1] + box[3], overlay.clientHeight - 34)) + "px"
    // At the right: what it lies on is most often written from the left.
    bar.style.left = Math.max(0, Math.min(box[0] + box[2], room) - bar.offsetWidth) + "px"
  }

  const over = id => put(hover, id ? places.boxOf(id) : null)
  const target = found => {
    put(line, found && [found.line[0], found.line[1] - 2, found.line[2], 4])
    line.classList.toggle("whole", Boolean(found?.whole))
  }

  // Parts that only some readers get, or that can't be used yet, and columns with nothing in them.
  const mark = parts => {
    notes.replaceChildren()
    for (const { id, kind, words } of parts) {
      const box = places.boxOf(id)
      if (!box) continue
      const note = make("div", { class: "note " + kind }, words)
      Object.assign(note.style, kind === "empty"
        ? { left: box[0] + 6 + "px", top: box[1] + "px", width: box[2] - 12 + "px", height: Math.max(36, box[3]) + "px" }
        : { left: box[0] + box[2] + "px", top: box[1] + "px" })
      notes.append(note)
    }
  }
  return { choose, over, target, mark }
}
