// Dragging with mouse, finger or pen. Everything is drawn above the email, nothing of it happens inside.
const FAR = 5 // pixels before a press becomes a drag
const RIM = 48

// Args: root (where the ghost lives), stage, scroller, places, draw(target or null), drop(what, target), words(what).
function dragging({ root, stage, scroller, places, draw, drop, words }) {
  let held = null, ended = 0

  const inStage = event => {
    const box = stage.getBoundingClientRect()
    const around = scroller.getBoundingClientRect()
    const inside = event.clientX >= around.left - 8 && event.clientX <= around.right + 8
      && event.clientY >= around.top - 8 && event.clientY <= around.bottom + 8
    return inside ? [event.clientX - box.left, event.clientY - box.top] : null
  }

  const begin = event => {
    held.ghost = make("div", { class: "ghost" }, words(held.what))
    root.append(held.ghost)
    root.classList.add("dragging")
    held.source.setPointerCapture?.(event.pointerId)
    held.began = true
    roll()
  }

  const moved = event => {
    if (!held || event.pointerId !== held.pointer) return
    held.last = event
    if (!held.began) {
      if (Math.hypot(event.clientX - held.x, event.clientY - held.y) < FAR) return
      begin(event)
    }
    event.preventDefault()
    held.ghost.style.transform = `translate(${event.clientX + 12}px, ${event.clientY + 10}px)`
    aim()
  }

  const aim = () => {
    const point = inStage(held.last)
    const isSection = held.what.layout !== undefined || held.what.isSection
    held.target = point && (isSection ? places.between(point[1]) : places.forBlock(...point))
    draw(held.target)
  }

  // Near the upper or lower rim the email scrolls by itself, for as long as the pointer stays there.
  const roll = () => {
    if (!held?.began) return
    const box = scroller.getBoundingClientRect()
    const y = held.last?.clientY ?? box.top + box.height / 2
    const speed = y < box.top + RIM ? y - box.top - RIM : y > box.bottom - RIM ? y - box.bottom + RIM : 0
    if (speed && inStage(held.last)) {
      scroller.scrollTop += Math.max(-16, Math.min(16, speed / 3))
      aim()
    }
    requestAnimationFrame(roll)
  }

  const end = isDrop => {
    if (!held) return
    const { began, what, target, ghost, click } = held
    held = null
    window.removeEventListener("pointermove", moved)
    window.removeEventListener("pointerup", up)
    window.removeEventListener("pointercancel", cancel)
    window.removeEventListener("keydown", escape, true)
    ghost?.remove()
    root.classList.remove("dragging")
    draw(null)
    if (began) ended = performance.now()
    if (!began && isDrop) click?.()
    if (began && isDrop && target) drop(what, target)
  }
  const up = event => { if (event.pointerId === held?.pointer) { moved(event); end(true) } }
  const cancel = event => { if (event.pointerId === held?.pointer) end(false) }
  const escape = event => {
    if (event.key !== "Escape" || !held?.began) return
    event.preventDefault()
    event.stopPropagation()
    end(false)
  }

  // Args: event, what is dragged, what happens if it was only a click.
  const hold = (event, what, click = null) => {
    if (event.button || held) return
    held = { what, click, pointer: event.pointerId, x: event.clientX, y: event.clientY, source: event.currentTarget, began: false, last: event }
    window.addEventListener("pointermove", moved, { passive: false })
    window.addEventListener("pointerup", up)
    window.addEventListener("pointercancel", cancel)
    window.addEventListener("keydown", escape, true)
  }
  return { hold, isOn: () => Boolean(held?.began), wasOn: () => performance.now() - ended < 50, end: () => end(false) }
}
