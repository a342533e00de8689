// A small editor of formatted text. Merge fields are shown as chips that can't be torn apart. What it says is cleaned again in Python.
const TAGS = new Set("P BR STRONG B EM I U S A UL OL LI SPAN SUB SUP H2 H3 BLOCKQUOTE".split(" "))
const DROPPED = new Set("SCRIPT STYLE IFRAME OBJECT EMBED TEMPLATE NOSCRIPT HEAD TITLE SVG MATH FORM INPUT TEXTAREA SELECT".split(" "))
const BLOCKS = new Set(["UL", "OL", "P", "H2", "H3", "BLOCKQUOTE"])
const ADDRESS = /^(https?:|mailto:|tel:|sms:|\{\{)/i
const JINJA = /(\{\{.*?\}\}|\{%.*?%\})/s
// Between a chip and what is no text there is no place for a caret: with this there is one. It is never sent.
const GAP = "\u200b"
const PAUSE = 20 // milliseconds of quiet before what was typed is sent

const escaped = text => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/\u00a0/g, "&nbsp;")
const quoted = text => escaped(text).replace(/"/g, "&quot;")

function chip(code, labels) {
  const element = document.createElement("span")
  element.className = "pw-rich-chip"
  element.contentEditable = "false"
  element.dataset.code = code
  const field = /\{\{\s*([\w.]+)/.exec(code)?.[1]
  const fallback = /default\(\s*(['"])(.*?)\1/.exec(code)?.[2]
  element.textContent = (labels[field] || field || code) + (field && fallback ? `, else “${fallback}”` : "")
  element.title = code
  return element
}

// Copies only what may be there: elements are made anew, so that nothing of what was given gets into the page by itself.
function copied(from, to, labels, isPasted) {
  for (const node of from.childNodes) {
    if (node.nodeType === Node.TEXT_NODE) {
      for (const part of node.data.split(JINJA)) {
        if (part) to.append(JINJA.test(part) ? chip(part, labels) : part)
      }
    } else if (node.nodeType === Node.ELEMENT_NODE && !DROPPED.has(node.tagName.toUpperCase())) {
      const name = node.tagName === "DIV" ? "P" : node.tagName
      if (!TAGS.has(name)) { copied(node, to, labels, isPasted); continue }
      const element = document.createElement(name)
      const href = node.getAttribute("href")?.trim()
      if (name === "A" && href && ADDRESS.test(href)) element.setAttribute("href", href)
      if (!isPasted && node.getAttribute("style")) element.style.cssText = node.getAttribute("style")
      copied(node, element, labels, isPasted)
      to.append(element)
    }
  }
}

function read(html, labels, isPasted) {
  const made = document.createDocumentFragment()
  copied(new DOMParser().parseFromString(html, "text/html").body, made, labels, isPasted)
  return made
}

function written(parent) {
  let out = ""
  for (const node of parent.childNodes) {
    if (node.nodeType === Node.TEXT_NODE) {
      out += node.data.replaceAll(GAP, "").split(JINJA).map(part => (JINJA.test(part) ? part : escaped(part))).join("")
    } else if (node.dataset?.code) {
      out += node.dataset.code
    } else if (node.nodeType === Node.ELEMENT_NODE) {
      const name = (node.tagName === "DIV" ? "P" : node.tagName).toLowerCase()
      if (name === "br") { out += "<br>"; continue }
      if (name === "p" && [...node.children].some(one => BLOCKS.has(one.tagName))) { out += written(node); continue } // as browsers nest lists
      const href = node.getAttribute("href"), style = node.getAttribute("style")
      const said = (href ? ` href="${quoted(href)}"` : "") + (style ? ` style="${quoted(style)}"` : "")
      out += `<${name}${said}>${written(node)}</${name}>`
    }
  }
  return out
}

const hasText = node => node?.nodeType === Node.TEXT_NODE && node.data !== ""

function fence(area) {
  for (const one of area.querySelectorAll(".pw-rich-chip")) {
    if (!hasText(one.previousSibling)) one.before(GAP)
    if (!hasText(one.nextSibling)) one.after(GAP)
  }
}

// The chip that Backspace or Delete is about to take, where nothing that is seen stands between.
function chipBeside(isBack) {
  const chosen = document.getSelection(), node = chosen.anchorNode
  if (!chosen.isCollapsed || node?.nodeType !== Node.TEXT_NODE) return null
  const between = isBack ? node.data.slice(0, chosen.anchorOffset) : node.data.slice(chosen.anchorOffset)
  const beside = isBack ? node.previousSibling : node.nextSibling
  return between.replaceAll(GAP, "") === "" && beside?.dataset?.code ? beside : null
}

const texts = new WeakMap()

function writing(root) {
  const area = root.querySelector(".pw-rich-area"), link = root.querySelector(".pw-rich-link"), field = root.querySelector(".pw-rich-field")
  const here = { version: null, count: 0, labels: {}, range: null, send: () => {}, timer: 0 }

  const tell = () => {
    clearTimeout(here.timer)
    here.timer = 0
    here.count += 1
    const html = written(area).trim()
    here.send({ version: here.version, count: here.count, html: /^<(p|ul|ol|h2|h3|blockquote)\b/.test(html) || !html ? html : `<p>${html}</p>` })
  }
  const soon = () => { clearTimeout(here.timer); here.timer = setTimeout(tell, PAUSE) }
  const keep = () => {
    const chosen = document.getSelection()
    if (chosen.rangeCount && area.contains(chosen.anchorNode)) here.range = chosen.getRangeAt(0).cloneRange()
  }
  const back = () => {
    area.focus()
    if (!here.range) return
    const chosen = document.getSelection()
    chosen.removeAllRanges()
    chosen.addRange(here.range)
  }
  const command = (name, value) => { back(); document.execCommand(name, false, value); keep(); soon() }
  const around = () => (here.range?.commonAncestorContainer.nodeType === Node.TEXT_NODE
    ? here.range.commonAncestorContainer.parentElement : here.range?.commonAncestorContainer)?.closest?.("a")

  const show = (row, on) => {
    for (const one of [link, field]) one.hidden = one !== row || !on
    if (!on) return
    const input = row.querySelector("input")
    if (row === link) { input.value = around()?.getAttribute("href") || "https://"; input.select() }
    input.focus()
  }
  const setLink = () => {
    const url = link.querySelector("input").value.trim()
    const old = around()
    if (!ADDRESS.test(url) || url === "https://") return link.querySelector("input").focus()
    if (old && area.contains(old)) { old.setAttribute("href", url); soon() }
    else if (here.range?.collapsed) { back(); document.execCommand("insertHTML", false, `<a href="${quoted(url)}">${escaped(url)}</a>`); soon() }
    else command("createLink", url)
    show(link, false)
  }
  const dropLink = () => {
    const old = around()
    if (old && area.contains(old)) old.replaceWith(...old.childNodes)
    show(link, false)
    soon()
  }
  const insertField = () => {
    const name = field.querySelector("select").value, fallback = field.querySelector("input").value.replace(/[\\'{}%]/g, "")
    if (!name) return
    back()
    const chosen = document.getSelection()
    const made = chip(fallback ? `{{ ${name} | default('${fallback}') }}` : `{{ ${name} }}`, here.labels)
    const range = here.range && area.contains(here.range.startContainer) ? here.range : document.createRange()
    if (range !== here.range) { range.selectNodeContents(area.lastElementChild || area); range.collapse(false) }
    range.deleteContents()
    const before = range.startContainer.nodeType === Node.TEXT_NODE ? range.startContainer.data.slice(0, range.startOffset).replaceAll(GAP, "") : ""
    const isAfterOne = !before && range.startContainer.previousSibling?.dataset?.code
    range.insertNode(made)
    if (/\S$/.test(before) || isAfterOne) made.before(" ")
    fence(area)
    range.setStart(made.nextSibling, made.nextSibling.data.startsWith(GAP) ? 1 : 0)
    range.collapse(true)
    chosen.removeAllRanges()
    chosen.addRange(range)
    keep()
    show(field, false)
    tell()
  }

  const GO = {
    bold: () => command("bold"), italic: () => command("italic"), list: () => command("insertUnorderedList"),
    numbers: () => command("insertOrderedList"), link: () => show(link, link.hidden), field: () => show(field, field.hidden),
    set: setLink, unlink: dropLink, insert: insertField,
  }
  root.querySelectorAll("button").forEach(button => {
    button.onpointerdown = event => { keep(); event.preventDefault() }
    button.onclick = () => GO[button.dataset.go]()
  })
  for (const [row, go] of [[link, setLink], [field, insertField]]) {
    row.onkeydown = event => {
      if (event.key === "Enter") { event.preventDefault(); go() }
      if (event.key === "Escape") { show(row, false); back() }
    }
  }
  area.oninput = () => { fence(area); soon() }
  area.onblur = () => { if (here.timer) tell() }
  area.onkeyup = keep
  area.onmouseup = keep
  area.onkeydown = event => {
    event.stopPropagation() // the app's own keys mean nothing in here
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") { event.preventDefault(); keep(); show(link, true) }
    const gone = ["Backspace", "Delete"].includes(event.key) && chipBeside(event.key === "Backspace")
    if (gone) { event.preventDefault(); gone.remove(); soon() }
  }
  area.onpaste = event => {
    event.preventDefault()
    const html = event.clipboardData.getData("text/html"), plain = event.clipboardData.getData("text/plain")
    const box = document.createElement("div")
    if (html) box.append(read(html, here.labels, true))
    document.execCommand("insertHTML", false, html ? written(box) : escaped(plain).replace(/\n/g, "<br>"))
    const fresh = read(written(area), here.labels, false)
    if (html && /\{[{%]/.test(area.textContent)) area.replaceChildren(fresh)
    fence(area)
    soon()
  }
  document.execCommand("defaultParagraphSeparator", false, "p")

  return (data, send) => {
    here.send = send
    here.labels = Object.fromEntries(data.fields.map(one => [one.name, one.label]))
    area.setAttribute("aria-label", data.label)
    const select = field.querySelector("select")
    if (select.options.length !== data.fields.length) {
      select.replaceChildren(...data.fields.map(one => new Option(one.label, one.name)))
    }
    if (here.version === data.version) return
    if (here.timer) clearTimeout(here.timer)
    here.version = data.version
    here.timer = 0
    here.range = null
    area.replaceChildren(read(data.html, here.labels, false))
    fence(area)
    area.dataset.isThere = "" // whoever wants to write in it waits for its words
  }
}

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".pw-rich")
  if (!texts.has(root)) texts.set(root, writing(root))
  texts.get(root)(data, said => setStateValue("written", said))
}
