// An email is somebody else's HTML: it lives in a frame without scripts and without our origin. Links open in a new tab.
export default function ({ data, parentElement }) {
  const frame = parentElement.querySelector("iframe")
  frame.title = data.title
  frame.style.height = data.height + "px"
  if (frame.dataset.shown !== data.path) {
    frame.dataset.shown = data.path
    frame.src = data.path
  }
}
