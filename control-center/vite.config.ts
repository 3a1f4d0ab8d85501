import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

/** `npm run build` writes `dist/`; `vite` alone serves the sources and asks a running `npm start` for everything else. */
// oxlint-disable-next-line import/no-default-export -- vite reads no other
export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2023',
    // Everything by address: the content-security-policy knows no inline scripts, and data: only for pictures.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: { host: '127.0.0.1', proxy: { '/internal': { target: 'http://127.0.0.1:3001', ws: true } } },
})
