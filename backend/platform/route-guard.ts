import type { FastifyInstance, RouteOptions } from 'fastify'
import { z } from 'zod'
import { LIMITS, type Access } from './access.ts'

/** A route as it is really registered; what the access inventory and the 405 answers are made from. */
export type RouteEntry = { method: string; url: string; access: Access; limit: string; schema: RouteOptions['schema']; config: RouteOptions['config'] }

declare module 'fastify' {
  interface FastifyInstance {
    /** Every route registered on this listener, in order. */
    inventory: RouteEntry[]
  }
}

const WITH_BODY = new Set(['POST', 'PUT', 'PATCH', 'DELETE'])

/**
 * Lets nobody forget: a route without access or limit stops the boot, and so does a body that takes unknown fields.
 * A route that declares no body takes none (`{}`); one that wants it raw declares `z.unknown()`.
 */
export function guardRoutes(app: FastifyInstance): void {
  app.addHook('onRoute', (route) => {
    const methods = [route.method].flat()
    const name = `${methods.join(',')} ${route.url}`
    const access = route.config?.access
    const limit = route.config?.limit
    if (access === undefined) throw new Error(`${name} declares no access`)
    if (limit === undefined || !(limit in LIMITS)) throw new Error(`${name} declares no limit`)
    if (methods.some((method) => WITH_BODY.has(method))) {
      route.schema = { body: z.strictObject({}), ...route.schema }
      if (isLoose(route.schema.body)) throw new Error(`${name} has a body that takes unknown fields (use z.strictObject)`)
    }
    for (const method of methods) app.inventory.push({ method, url: route.url, access, limit, schema: route.schema, config: route.config })
  })
}

function isLoose(schema: unknown): boolean {
  if (schema instanceof z.ZodObject) return !(schema.def.catchall instanceof z.ZodNever)
  if (schema instanceof z.ZodUnion) return schema.options.some(isLoose)
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) return isLoose(schema.unwrap())
  if (schema instanceof z.ZodPipe) return isLoose(schema.in)
  return false
}

/** The methods a path answers to, whatever the values of its parameters. A route of every path says nothing about one. */
export function methodsOf(inventory: readonly RouteEntry[], path: string): string[] {
  const asked = path.split('/')
  return [...new Set(inventory.filter((route) => route.url !== '/*' && matches(route.url.split('/'), asked)).map((route) => route.method))]
}

function matches(pattern: readonly string[], asked: readonly string[]): boolean {
  if (pattern.at(-1) === '*') return pattern.length <= asked.length && pattern.slice(0, -1).every((part, index) => part === asked[index])
  return pattern.length === asked.length && pattern.every((part, index) => part === asked[index] || (part.startsWith(':') && asked[index] !== ''))
}
