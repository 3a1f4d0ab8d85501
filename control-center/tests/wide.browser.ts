import { lookAtEveryPage } from './every-page.ts'

lookAtEveryPage({ width: 1280, theme: 'light', language: 'en' })
lookAtEveryPage({ width: 1280, theme: 'dark', language: 'id' })
