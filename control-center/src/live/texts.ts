import { defineTexts } from '../texts.ts'

export const useLiveText = defineTexts('live', {
  connecting: 'Connecting', live: 'Live', away: 'Not connected',
  connectingAbout: 'The live connection is being made.', liveAbout: 'What changes is shown at once.', awayAbout: 'Shown is what was known last; the connection is tried again by itself.',
  asOf: 'As of {{time}}. The server does not answer just now; it is asked again by itself.',
}, {
  connecting: 'Menghubungkan', live: 'Langsung', away: 'Terputus',
  connectingAbout: 'Sambungan langsung sedang dibuat.', liveAbout: 'Perubahan langsung terlihat.', awayAbout: 'Yang terlihat adalah keadaan terakhir; sambungan dicoba lagi dengan sendirinya.',
  asOf: 'Keadaan pukul {{time}}. Server sedang tidak menjawab; dicoba lagi dengan sendirinya.',
})
