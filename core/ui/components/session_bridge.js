// Carries a sign-in or sign-out from the script (a websocket, which can't set cookies) to the route that can.
// The ticket is good once, so it is sent once however often the script reruns.
const sent = new Set()

async function post(path, body) {
  return fetch(path, {
    method: "POST",
    credentials: "same-origin",
    headers: { "Content-Type": "application/json", "X-Requested-With": "postwright" },
    body: JSON.stringify(body),
  })
}

async function carry(data) {
  const answer = await post(data.path, { ticket: data.ticket })
  if (!answer.ok) return data.refused
  if (!data.ticket) {
    window.location.assign(data.next)
    return data.waiting
  }
  const kept = await fetch(data.path, { credentials: "same-origin" })
  if (!kept.ok) return data.dropped
  window.location.reload()
  return data.waiting
}

export default function ({ data, parentElement }) {
  const note = parentElement.querySelector("p")
  const once = data.path + " " + data.ticket
  if (sent.has(once)) return
  sent.add(once)
  note.textContent = data.waiting
  carry(data).then(
    words => { note.textContent = words },
    () => { note.textContent = data.refused },
  )
}
