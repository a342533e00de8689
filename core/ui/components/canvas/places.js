// Where things are in the email, and where something that is dragged would go.
const EDGE = 7 // pixels at the rim of a section with columns that mean "a section of its own, here"

function placing(frame, outline) {
  const sections = () => outline().map((section, index) => ({ ...section, index, box: frame.box(section.id) })).filter(one => one.box)
  const holds = (box, x, y) => x >= box[0] && x <= box[0] + box[2] && y >= box[1] && y <= box[1] + box[3]
  const middle = box => box[1] + box[3] / 2

  // A part that is only a mark, such as MJML of one's own, reaches to what comes after it.
  const blocksOf = column => {
    const around = frame.box(column.id)
    const found = column.blocks.map(block => ({ block, box: frame.box(block.id) })).filter(one => one.box)
    return found.map((one, at) => {
      if (one.box[3] >= 12 || !around) return one
      const end = at + 1 < found.length ? found[at + 1].box[1] : around[1] + around[3]
      return { ...one, box: [around[0], one.box[1], around[2], Math.max(12, end - one.box[1])] }
    })
  }

  const boxOf = id => {
    for (const section of outline()) {
      for (const column of section.columns) {
        const found = blocksOf(column).find(one => one.block.id === id)
        if (found) return found.box
      }
    }
    return frame.box(id)
  }

  // The block under a point, else the section.
  const at = (x, y) => {
    for (const section of sections()) {
      if (!holds(section.box, x, y)) continue
      for (const column of section.columns) {
        const found = blocksOf(column).find(one => holds(one.box, x, y))
        if (found) return found.block.id
      }
      return section.id
    }
    return ""
  }

  const between = y => {
    const all = sections()
    const index = all.filter(one => middle(one.box) < y).length
    return sectionLine(all, index)
  }

  const sectionLine = (all, index) => {
    const last = all[all.length - 1]
    const top = index < all.length ? all[index].box[1] : last ? last.box[1] + last.box[3] : 24
    const whole = last ? last.box : [0, 0, frame.width(), 0]
    return { section: index < all.length ? all[index].index : outline().length, line: [whole[0], top, whole[2]], whole: true }
  }

  // Where a block would go: a place in a column, or a section of its own.
  const forBlock = (x, y) => {
    const all = sections()
    const found = all.findIndex(one => y >= one.box[1] && y <= one.box[1] + one.box[3])
    if (found < 0) return between(y)
    const section = all[found]
    const hasRim = section.columns.length > 1 && section.columns.some(column => column.blocks.length)
    if (hasRim && y < section.box[1] + EDGE) return sectionLine(all, found)
    if (hasRim && y > section.box[1] + section.box[3] - EDGE) return sectionLine(all, found + 1)
    const columns = section.columns.map(column => ({ column, box: frame.box(column.id) })).filter(one => one.box)
    if (!columns.length) return sectionLine(all, found)
    const away = box => Math.max(box[0] - x, x - box[0] - box[2], 0) + Math.max(box[1] - y, y - box[1] - box[3], 0)
    const { column, box } = columns.reduce((best, one) => (away(one.box) < away(best.box) ? one : best))
    const blocks = blocksOf(column)
    const index = blocks.filter(one => middle(one.box) < y).length
    const last = blocks[blocks.length - 1]
    const top = index < blocks.length ? blocks[index].box[1] : last ? last.box[1] + last.box[3] : box[1] + Math.min(24, box[3] / 2)
    const before = index < blocks.length ? column.blocks.indexOf(blocks[index].block) : column.blocks.length
    return { column: column.id, index: before, line: [box[0], top, box[2]], whole: false }
  }

  return { at, boxOf, between, forBlock }
}
