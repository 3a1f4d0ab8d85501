import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod'
import type { Access } from './access.ts'
import type { Listener } from './http.ts'

const PLACES = {
  public: { document: '/api/v1/openapi.json', page: '/api/v1/docs', title: 'HaloBestie API' },
  internal: { document: '/internal/v1/openapi.json', page: '/internal/v1/docs', title: 'HaloBestie staff API' },
} as const

const PROBLEM = {
  description: 'A problem (RFC 9457); `code` says which.',
  content: {
    'application/problem+json': {
      schema: {
        type: 'object',
        required: ['type', 'title', 'status', 'code', 'detail', 'instance', 'requestId'],
        properties: {
          type: { type: 'string' }, title: { type: 'string' }, status: { type: 'integer' }, code: { type: 'string' }, detail: { type: 'string' },
          instance: { type: 'string' }, requestId: { type: 'string' },
          until: { type: 'string', format: 'date-time' },
          messages: { type: 'object', required: ['id', 'en'], properties: { id: { type: 'string' }, en: { type: 'string' } } },
          errors: { type: 'array', items: { type: 'object', properties: { path: { type: 'string' }, code: { type: 'string' }, message: { type: 'string' } } } },
        },
      },
    },
  },
}

const IDEMPOTENCY_KEY = { type: 'string', minLength: 1, maxLength: 255, description: 'The same key and body replays the stored answer.' }

/** Serves the OpenAPI 3.1 document and its page. Must be registered before the routes it describes. */
export async function serveDocs(app: FastifyInstance, listener: Listener): Promise<void> {
  const place = PLACES[listener]
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: place.title, version: '1' },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' }, cookie: { type: 'apiKey', in: 'cookie', name: 'staff' } } },
    },
    transform: (document) => {
      const { schema, url } = jsonSchemaTransform(document)
      const config = document.route.config
      if (!schema || schema.hide) return { schema, url }
      const isPost = document.route.method === 'POST' && config?.idempotency !== 'off'
      const described = schema as Record<string, unknown>
      return {
        url,
        schema: {
          ...schema,
          ...(isPost ? { headers: { type: 'object', properties: { 'idempotency-key': IDEMPOTENCY_KEY }, ...(config?.idempotency === 'required' ? { required: ['idempotency-key'] } : {}) } } : {}),
          security: securityOf(config?.access),
          response: { ...(described['response'] as object | undefined), default: PROBLEM },
        },
      }
    },
    transformObject: jsonSchemaTransformObject,
  })
  app.get(place.document, { schema: { hide: true }, config: { access: 'public', limit: 'standard' } }, () => app.swagger())
  await app.register(async (scope) => {
    // The plugin's own routes can't declare anything.
    scope.addHook('onRoute', (route) => {
      route.config = { ...route.config, access: 'public', limit: 'standard' }
    })
    await scope.register(swaggerUi, {
      routePrefix: place.page,
      staticCSP: "default-src 'self'; img-src 'self' data: https:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'; base-uri 'self'; object-src 'none'",
      uiConfig: { validatorUrl: null, url: place.document },
    })
  })
}

function securityOf(access: Access | undefined): Record<string, string[]>[] {
  if (access === undefined || access === 'public') return []
  return [typeof access === 'object' ? { cookie: [] } : { token: [] }]
}
