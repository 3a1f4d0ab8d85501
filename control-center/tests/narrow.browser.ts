import { lookAtEveryPage } from './every-page.ts'

lookAtEveryPage({ width: 390, theme: 'light', language: 'id' })
lookAtEveryPage({ width: 390, theme: 'dark', language: 'en' })
