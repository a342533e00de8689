// Runs inside the editor's view of an email, before anything of an email is in it: it takes each state of the email from the page around
// it, and tells that page where the blocks are. Nothing of an email runs: the policy of this document knows this script only.
"use strict"
;(() => {
  // Names in an email (<img name="querySelectorAll">) would stand in front of what a document can do: it is taken here, at once.
  const outside = window.parent
  const parser = new DOMParser()
  const put = document.replaceChild.bind(document)
  const all = (from, what) => [...Element.prototype.querySelectorAll.call(from, what)]
  const MARK = /^pwb-([a-z0-9]{4,20})$/
  let root = document.documentElement, number = 0, told = ""

  const boxOf = elements => {
    const boxes = elements.map(one => one.getBoundingClientRect()).filter(box => box.width || box.height)
    if (!boxes.length) return null
    const left = Math.min(...boxes.map(box => box.left)), top = Math.min(...boxes.map(box => box.top))
    const right = Math.max(...boxes.map(box => box.right)), bottom = Math.max(...boxes.map(box => box.bottom))
    return [left, top, right - left, bottom - top].map(Math.round)
  }

  const measure = () => {
    const found = new Map()
    for (const element of all(root, "[class*=pwb-]")) {
      for (const name of element.classList) {
        const mark = MARK.exec(name)
        if (mark) found.set(mark[1], [...(found.get(mark[1]) || []), element])
      }
    }
    const rects = []
    for (const [id, elements] of found) {
      const box = boxOf(elements)
      if (box) rects.push([id, ...box])
    }
    const height = Math.ceil(Math.max(root.offsetHeight, ...rects.map(one => one[2] + one[4])))
    const message = { postwright: "measured", number, height, rects }
    const words = JSON.stringify(message)
    if (words === told) return
    told = words
    outside.postMessage(message, "*")
  }
  const sizes = new ResizeObserver(measure)

  const show = (html, its) => {
    const fresh = parser.parseFromString(html, "text/html").documentElement
    // A picture that is there already stays the same element, so that it does not flash.
    const there = new Map(all(root, "img[src]").map(one => [one.getAttribute("src"), one]))
    for (const picture of all(fresh, "img[src]")) {
      const old = there.get(picture.getAttribute("src"))
      if (!old) continue
      there.delete(picture.getAttribute("src"))
      for (const { name } of [...old.attributes]) if (!picture.hasAttribute(name)) old.removeAttribute(name)
      for (const { name, value } of picture.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value)
      picture.replaceWith(old)
    }
    put(fresh, root)
    root = fresh
    number = its
    sizes.disconnect()
    sizes.observe(root)
    measure()
  }

  window.addEventListener("message", event => {
    const said = event.data
    if (event.source === outside && said?.postwright === "show" && typeof said.html === "string") show(said.html, said.number)
  })
  document.addEventListener("load", measure, true) // a picture that came
  outside.postMessage({ postwright: "ready" }, "*")
})()
