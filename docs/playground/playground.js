import { createPanel } from './panel.js'

const sides = document.querySelector('#sides')
const config = await (await fetch('config.json')).json()

for (const kind of ['customer', 'mitra']) sides.append(createPanel({ kind, url: config.publicUrl, phones: config.phones[kind] }))
