/** How a person who is there wants to be seen. */
export const PRESENCE_STATES = ['away', 'busy', 'online'] as const
export type PresenceState = (typeof PRESENCE_STATES)[number]
export type Presence = PresenceState | 'offline'

/** The best of what several devices say: online, then busy, then away. */
export function bestOf(one: PresenceState | undefined, other: PresenceState | undefined): PresenceState | undefined {
  if (one === undefined || other === undefined) return one ?? other
  return PRESENCE_STATES.indexOf(one) > PRESENCE_STATES.indexOf(other) ? one : other
}

export function isPresenceState(text: string | null | undefined): text is PresenceState {
  return PRESENCE_STATES.some((state) => state === text)
}
