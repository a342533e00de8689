// The visual editor: a palette, the email, an outline. What somebody does goes to Python as a queue of numbered steps; each is sent until
// Python says that it has it, and done once however often it comes. Python answers with what there is now.
const editors = new WeakMap()
const AWAY = "Not connected: nothing changes until the app answers again."
// What is done while there is no server would be lost without a word, as the page makes the editor anew when there is one again.
const isConnected = () => (document.querySelector("[data-test-connection-state]")?.dataset.testConnectionState ?? "CONNECTED") === "CONNECTED"
const WAITING = 3000 // milliseconds in which the panel of what was chosen is there
const fieldOf = id => document.querySelector(`.st-key-panel_${id} :is(.pw-rich-area[data-is-there], input[type=text]:not(.pw-rich *), textarea):not(:disabled)`)

function editing(root) {
  const find = name => root.querySelector("." + name)
  const stage = find("stage"), overlay = find("overlay"), scroller = find("scroller")
  const here = { data: null, selected: "", pending: [], last: 0, send: () => {} }
  const outline = () => here.data?.outline || []
  const isEditable = () => Boolean(here.data?.editable)
  const isSection = id => outline().some(one => one.id === id)
  const blocks = () => outline().flatMap(section => section.columns.flatMap(column => column.blocks))
  const nameOf = id => (isSection(id) ? "Section" : blocks().find(one => one.id === id)?.name || "")

  // Without its words: they stand under it, and would make the bar as long as the email is wide.
  const kindOf = id => (isSection(id) ? "Section" : blocks().find(one => one.id === id)?.label || "")

  const act = step => {
    if (step.do !== "select" && !isEditable()) return
    if (!isConnected()) { find("away").textContent = AWAY; return }
    here.last += 1
    here.pending.push({ ...step, n: here.last, tab: here.data.tab })
    here.send([...here.pending])
    root.classList.add("busy")
  }
  // An empty id chooses the email as a whole.
  const choose = id => {
    if (here.selected === id) return
    here.selected = id
    refresh()
    act({ do: "select", id })
  }

  const frame = framing(stage, () => refresh())
  frame.width = () => stage.clientWidth
  const places = placing(frame, outline)
  const drag = dragging({
    root, stage, scroller, places,
    draw: target => above.target(target),
    words: what => what.label || nameOf(what.id),
    drop: (what, target) => {
      const place = target.column ? { column: target.column, index: target.index } : { section: target.section }
      if (what.id) act({ do: "move", id: what.id, ...place })
      else act({ do: "add", kind: what.kind, layout: what.layout, saved: what.saved, ...place })
    },
  })
  const sectionOf = id => outline().find(one => one.columns.some(column => column.blocks.some(block => block.id === id)))?.id || ""
  const above = overlaying({
    overlay, stage, places, kindOf, sectionOf, isSection, act, isEditable, select: choose, hold: (event, what) => drag.hold(event, what),
  })
  const list = outlining({ list: find("tree"), choose, act, isEditable })

  const refresh = () => {
    if (!here.data) return
    above.choose(here.selected)
    find("letter").setAttribute("aria-pressed", String(!here.selected))
    const marks = outline().flatMap(section => [
      ...(section.condition ? [{ id: section.id, kind: "some", words: "Only some people" }] : []),
      ...section.columns.flatMap(column => [
        ...(column.blocks.length ? [] : [{ id: column.id, kind: "empty", words: isEditable() ? "Drop something here" : "" }]),
        ...column.blocks.flatMap(block => [
          ...(block.hint ? [{ id: block.id, kind: "empty", words: block.hint }] : []),
          ...(block.problem ? [{ id: block.id, kind: "bad", words: "To do" }] : []),
          ...(block.condition ? [{ id: block.id, kind: "some", words: "Only some people" }] : []),
        ]),
      ]),
    ])
    above.mark(marks)
    list.show(here.selected)
  }

  const at = event => {
    const box = stage.getBoundingClientRect()
    return places.at(event.clientX - box.left, event.clientY - box.top)
  }
  overlay.onpointermove = event => above.over(drag.isOn() || event.pointerType === "touch" ? "" : at(event))
  overlay.onpointerleave = () => above.over("")
  overlay.onpointerdown = event => {
    const id = at(event)
    if (event.pointerType === "touch" || !id || !isEditable()) return
    drag.hold(event, { id, isSection: isSection(id) })
  }
  overlay.onclick = event => {
    if (drag.wasOn()) return
    const id = at(event)
    choose(id)
    stage.focus({ preventScroll: true })
  }
  // To write in what was chosen: its first field is in the panel beside, which is drawn when Python has heard of the choice.
  let wish = { id: "", until: 0 }
  const write = id => { wish = { id, until: performance.now() + WAITING }; reach() }
  const reach = () => {
    if (!wish.id || performance.now() > wish.until) return
    const field = here.data?.selected === wish.id && !here.pending.length && fieldOf(wish.id)
    if (!field) return requestAnimationFrame(reach)
    wish.id = ""
    field.focus()
    if (field.select) field.select()
    else document.getSelection().selectAllChildren(field)
  }
  overlay.ondblclick = event => {
    const id = at(event)
    if (id && isEditable() && !isSection(id)) write(id)
  }
  root.onkeydown = event => {
    const focused = root.getRootNode().activeElement
    if (["INPUT", "TEXTAREA"].includes(focused?.tagName) || drag.isOn()) return
    if (event.key === "Escape" && here.selected) {
      if (focused?.closest(".bar")) stage.focus({ preventScroll: true })
      choose("")
    } else if (event.key === "Enter" && isEditable() && here.selected && !isSection(here.selected)
      && (focused === stage || focused?.dataset.id === here.selected)) write(here.selected)
    else if (!list.pressed(event, focused)) return
    event.preventDefault()
    event.stopPropagation()
  }
  find("undo").onclick = () => act({ do: "undo" })
  find("redo").onclick = () => act({ do: "redo" })
  find("letter").onclick = () => choose("")

  if (window.matchMedia("(max-width: 640px)").matches) find("outline").open = false
  const update = (data, send) => {
    here.send = send
    if (here.data && here.data.tab !== data.tab) { here.pending = []; here.last = 0 } // a server that was started anew counts from 1
    here.data = data
    here.last = Math.max(here.last, data.acked)
    here.pending = here.pending.filter(step => step.n > data.acked)
    root.classList.toggle("busy", here.pending.length > 0)
    if (!here.pending.length) here.selected = data.selected
    find("away").textContent = ""
    find("undo").disabled = !data.canUndo
    find("redo").disabled = !data.canRedo
    drawPalette(find("palette"), data, drag, act)
    list.draw(data.outline)
    frame.show(data.frame, data.html)
    find("nothing").hidden = data.outline.length > 0
    const told = find("told")
    if (told.dataset.number !== String(data.acked)) {
      told.dataset.number = String(data.acked)
      told.textContent = data.said
    }
    refresh()
  }
  return { update, end: () => { frame.end(); drag.end() } }
}

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".editor")
  let editor = editors.get(root)
  if (!editor) {
    editor = editing(root)
    editors.set(root, editor)
  }
  editor.update(data, steps => setStateValue("steps", steps))
  return () => { editor.end(); editors.delete(root) }
}
