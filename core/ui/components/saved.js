// Says how long ago something was saved, and goes on counting by itself.
const counted = new WeakMap()

export default function ({ data, parentElement }) {
  const note = parentElement.querySelector("p")
  const at = Date.now() - (data.age ?? 0) * 1000
  const say = () => {
    const seconds = Math.max(0, Math.round((Date.now() - at) / 1000))
    const ago = seconds < 60 ? `${seconds} s ago` : seconds < 3600 ? `${Math.floor(seconds / 60)} min ago` : "some time ago"
    note.textContent = data.age === null ? data.words : `${data.words} ${ago}`
  }
  clearInterval(counted.get(note))
  say()
  if (data.age !== null) counted.set(note, setInterval(say, 1000))
  return () => clearInterval(counted.get(note))
}
