// The email in its frame. The frame stays; each state of the email is handed to it and takes the place of the one before, so nothing
// flashes and nothing is loaded anew.
const PART = /^[a-z0-9]{4,20}$/
const HIGHEST = 30000
const PATIENCE = 4000 // milliseconds for a frame that is there
const LOADING = 20000 // and for one that is on its way

function framing(stage, onMeasured) {
  const here = { frame: null, path: "", ready: false, html: "", number: 0, rects: new Map(), height: 200, scale: 1, timer: 0 }

  const fits = () => {
    const room = stage.clientWidth || 640
    // Narrower than a phone's view is wide is shown as a phone; a little narrower than the email is shown smaller.
    const wide = room < 480 || room >= 640 ? room : 640
    here.scale = room / wide
    if (here.frame) {
      here.frame.style.width = wide + "px"
      here.frame.style.height = here.height + "px"
      here.frame.style.transform = here.scale === 1 ? "" : `scale(${here.scale})`
    }
    stage.style.height = Math.ceil(here.height * here.scale) + "px"
  }

  // What comes from inside the frame is said by somebody else's email for all we know: only shapes are taken, nothing is done with it.
  const heard = event => {
    const said = event.data
    if (!here.frame || event.source !== here.frame.contentWindow || !said) return
    if (said.postwright === "ready") { here.ready = true; hand() }
    if (said.postwright !== "measured" || !Array.isArray(said.rects)) return
    here.rects = new Map()
    for (const one of said.rects.slice(0, 2000)) {
      if (!Array.isArray(one) || !PART.test(String(one[0]))) continue
      const box = one.slice(1, 5).map(Number)
      if (box.length === 4 && box.every(Number.isFinite)) here.rects.set(String(one[0]), box)
    }
    here.height = Math.min(HIGHEST, Math.max(120, Number(said.height) || 0))
    if (said.number === here.number) {
      clearTimeout(here.timer)
      stage.dataset.shown = String(here.number)
    }
    fits()
    onMeasured()
  }

  const hand = () => {
    if (here.ready && here.html) here.frame.contentWindow.postMessage({ postwright: "show", html: here.html, number: here.number }, "*")
  }

  const load = () => {
    here.frame?.remove()
    here.ready = false
    here.frame = make("iframe", {
      sandbox: "allow-scripts", referrerpolicy: "no-referrer", loading: "eager", title: "The email you are editing", tabindex: "-1",
    })
    here.frame.src = here.path
    stage.prepend(here.frame)
    fits()
  }

  const show = (path, html) => {
    if (html === here.html && here.frame) return
    here.html = html
    here.number += 1
    if (path !== here.path) { here.path = path; load() } else hand()
    clearTimeout(here.timer)
    here.timer = setTimeout(load, here.ready ? PATIENCE : LOADING) // whatever led it away
  }

  window.addEventListener("message", heard)
  const sizes = new ResizeObserver(() => { fits(); onMeasured() })
  sizes.observe(stage)
  return Object.assign(here, {
    show,
    box: id => here.rects.get(id)?.map(value => value * here.scale),
    end: () => { clearTimeout(here.timer); window.removeEventListener("message", heard); sizes.disconnect() },
  })
}
