import type { z } from 'zod'
import type { UserActor } from '../access.ts'
import type { Ctx } from '../ctx.ts'
import { AppError, type ErrorCode } from '../errors.ts'
import { refusalOf as refusalOfAny } from '../problem.ts'
import type { SignedIn } from './connection.ts'

/** What answers to one type of frame. The schema is a strict object with `type`; it has parsed what `handle` gets. */
export type FrameHandler<F = unknown> = {
  type: string
  schema: z.ZodType<F>
  /** Who may send it; everybody when absent. */
  kinds?: readonly UserActor['kind'][]
  handle(ctx: Ctx, connection: SignedIn, frame: F): void | Promise<void>
  /** Its own answer to a frame that the schema refuses; false leaves it to `error frame_invalid`. */
  refuse?(ctx: Ctx, connection: SignedIn, frame: Record<string, unknown>): boolean
}

/** Keeps a handler's schema together with what it handles. */
export function frameHandler<F>(handler: FrameHandler<F>): FrameHandler {
  return handler
}

export type Dispatch = (connection: SignedIn, data: unknown, isBinary: boolean) => void

type Known = { handler: FrameHandler; count(): void }

/** One parse, one validation, one handler a frame; whatever is wrong with it is answered, and ends nothing. */
export function createDispatch(ctx: Ctx, handlers: readonly FrameHandler[]): Dispatch {
  const known = new Map<string, Known>()
  for (const handler of handlers) {
    if (known.has(handler.type)) throw new Error(`two handlers for ${handler.type}`)
    const counter = ctx.metrics.frames.labels({ type: handler.type })
    known.set(handler.type, { handler, count: () => counter.inc() })
  }
  const unreadable = ctx.metrics.frames.labels({ type: 'invalid' })
  return (connection, data, isBinary) => {
    const frame = isBinary ? undefined : parseFrame(data)
    if (frame === undefined) {
      unreadable.inc()
      connection.sendError('frame_invalid', 'A frame is one JSON object with a type.')
      return
    }
    const found = known.get(frame.type)
    if (found === undefined) {
      unreadable.inc()
      connection.sendError('unknown_type', 'There is no such frame.', frame.type.slice(0, 64))
      return
    }
    found.count()
    handle(ctx, found.handler, connection, frame)
  }
}

/** The object in a text frame; undefined when it is none or has no type. */
export function parseFrame(data: unknown): ({ type: string } & Record<string, unknown>) | undefined {
  try {
    const frame: unknown = JSON.parse((data as Buffer).toString()) // nodebuffer is the socket's binary type
    if (typeof frame !== 'object' || frame === null || !('type' in frame) || typeof frame.type !== 'string') return undefined
    return frame as { type: string } & Record<string, unknown>
  } catch {
    return undefined
  }
}

function handle(ctx: Ctx, handler: FrameHandler, connection: SignedIn, frame: { type: string } & Record<string, unknown>): void {
  if (handler.kinds !== undefined && !handler.kinds.includes(connection.actor.kind)) {
    connection.sendError('forbidden', 'This is not for your kind of account.', handler.type)
    return
  }
  const parsed = handler.schema.safeParse(frame)
  if (!parsed.success) {
    if (handler.refuse?.(ctx, connection, frame) === true) return
    const [issue] = parsed.error.issues
    connection.sendError('frame_invalid', issue === undefined ? 'The frame is invalid.' : `${issue.path.join('.') || 'frame'}: ${issue.message}`, handler.type)
    return
  }
  try {
    const act = () => handler.handle(ctx, connection, parsed.data)
    const work = ctx.tracing.isOn ? ctx.tracing.run(`frame ${handler.type}`, 'server', async () => act()) : act()
    if (work === undefined) return
    connection.working++
    work.then(() => void connection.working--, (error: unknown) => {
      connection.working--
      answerFailure(ctx, connection, handler.type, error)
    })
  } catch (error) {
    answerFailure(ctx, connection, handler.type, error)
  }
}

function answerFailure(ctx: Ctx, connection: SignedIn, of: string, error: unknown): void {
  const { code, detail } = refusalOf(ctx, error, of)
  connection.sendError(code, detail, of)
}

/** What a client is told of an error; a fault of ours is logged, and told without its insides. */
export function refusalOf(ctx: Ctx, error: unknown, of: string): { code: ErrorCode; detail: string } {
  if (error instanceof AppError) return { code: error.code, detail: error.message }
  const { code, message: detail } = refusalOfAny(error)
  if (code === 'not_ready') ctx.log.warn({ err: error, frame: of }, 'a dependency is away')
  else ctx.log.error({ err: error, frame: of }, 'a frame failed')
  return { code, detail }
}
