import type { Uid } from '../model/uid.ts'

/** How the lanes of this process are shared among registrations. */
export type LaneShares = {
  /** Registrations that may have no more windows in work now. */
  crowded(): Uid[]
  /** A window of a registration goes into work. Returns what ends it; isRefused: its quota left no slot for the window. */
  enter(registrationUid: Uid): (isRefused: boolean) => void
}

/**
 * A registration may have all lanes until its quota refuses a window; then half of what it had, and one more with each that
 * is not refused. So a utility that takes a request a second has as many windows in work as it takes long to answer one, and
 * not every lane leases a window to hand it back.
 */
export function shareLanes(lanes: number): LaneShares {
  const inWork = new Map<Uid, number>()
  const room = new Map<Uid, number>()
  const roomOf = (uid: Uid): number => room.get(uid) ?? lanes
  const count = (uid: Uid, by: number): number => {
    const now = (inWork.get(uid) ?? 0) + by
    if (now === 0) inWork.delete(uid)
    else inWork.set(uid, now)
    return now
  }
  return {
    crowded: () => [...inWork].flatMap(([uid, now]) => (now >= roomOf(uid) ? [uid] : [])),
    enter(uid) {
      count(uid, 1)
      return (isRefused) => {
        const others = count(uid, -1)
        const next = isRefused ? Math.max(1, Math.min(roomOf(uid), others + 1) >> 1) : roomOf(uid) + 1
        if (next < lanes) room.set(uid, next)
        else room.delete(uid)
      }
    },
  }
}
