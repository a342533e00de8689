// Starts a download that the script put ready: the browser fetches it by itself, the page stays. Each is good once.
const begun = new Set()

export default function ({ data, parentElement }) {
  parentElement.querySelector("p").textContent = data.words
  if (!data.path || begun.has(data.path)) return
  begun.add(data.path)
  const link = document.createElement("a")
  link.href = data.path
  link.download = ""
  document.body.append(link)
  link.click()
  link.remove()
}
