// Pictures of our own, drawn in the colour of the text around them.
const DRAWN = {
  heading: "M5 4v12M15 4v12M5 10h10",
  text: "M4 5h12M4 9h12M4 13h8",
  button: "M3 7h14v6H3zM7 10h6",
  image: "M3 4h14v12H3zM3 14l4-4 3 3 3-4 4 5M7 7.5h.01",
  divider: "M3 10h14",
  spacer: "M4 4h12M4 16h12M10 7v6M8 8.5 10 6.5l2 2M8 11.5l2 2 2-2",
  social: "M6 10l8-4M6 10l8 4M4.5 10h.01M15.5 5.5h.01M15.5 14.5h.01",
  products: "M3 4h6v6H3zM11 4h6v6h-6zM3 13h5M11 13h5M3 16h3M11 16h3",
  quote: "M4 6v8M8 7h8M8 10h8M8 13h5",
  header: "M3 4h14v12H3zM3 8h14M5.5 6h.01",
  footer: "M3 4h14v12H3zM3 12h14M6 14h8",
  mjml: "M7 6l-4 4 4 4M13 6l4 4-4 4",
  html: "M7 6l-4 4 4 4M13 6l4 4-4 4M11 5 9 15",
  saved: "M6 3h8v14l-4-3-4 3z",
  section: "M3 5h14v10H3z",
  grip: "M8 5h.01M12 5h.01M8 10h.01M12 10h.01M8 15h.01M12 15h.01",
  up: "M10 16V5M5.5 9 10 4.5 14.5 9",
  down: "M10 4v11M5.5 11 10 15.5l4.5-4.5",
  copy: "M7 7h9v9H7zM4 13V4h9",
  bin: "M4 6h12M8 6V4h4v2M6 6l1 10h6l1-10",
  undo: "M4 8h8a4 4 0 0 1 0 8H8M4 8l3.5-3.5M4 8l3.5 3.5",
  redo: "M16 8H8a4 4 0 0 0 0 8h4M16 8l-3.5-3.5M16 8l-3.5 3.5",
  eye: "M2.5 10S5.5 5 10 5s7.5 5 7.5 5-3 5-7.5 5-7.5-5-7.5-5zM10 10h.01",
}
const SVG = "http://www.w3.org/2000/svg"

function drawn(path, box = "0 0 20 20") {
  const svg = document.createElementNS(SVG, "svg")
  svg.setAttribute("viewBox", box)
  svg.setAttribute("aria-hidden", "true")
  const line = document.createElementNS(SVG, "path")
  line.setAttribute("d", path)
  svg.append(line)
  return svg
}

const icon = name => drawn(DRAWN[name] || DRAWN.section)

// A layout as its columns, as wide as they are.
function layoutIcon(widths) {
  const gap = 1.5, room = 16 - gap * (widths.length - 1)
  let at = 2
  const parts = widths.map(width => {
    const wide = (room * width) / 100
    const part = `M${at} 5h${wide}v10h${-wide}z`
    at += wide + gap
    return part
  })
  return drawn(parts.join(""))
}

// An element with its attributes and what is in it; text is always text.
function make(tag, attributes = {}, ...inside) {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element[name] = value
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value)
  }
  element.append(...inside.filter(one => one !== null && one !== undefined))
  return element
}
