import t from 'tap'
import { SETTINGS, type SettingDefinition, type SettingName } from '../../platform/settings-catalogue.ts'
import { checkSetting, isSettingName } from './rules.ts'

function wrong(definition: SettingDefinition): unknown[] {
  switch (definition.type) {
    case 'int': return [definition.min - 1, definition.max + 1, definition.min + 0.5, Number.NaN, String(definition.default), true, [definition.default], null]
    case 'int-list': return [[definition.min - 1], [definition.max + 1], ['1'], definition.min, Array.from({ length: 51 }, () => definition.min)]
    case 'flag': return [1, 'true', [true], null]
    case 'text': return ['', ' ', 'x'.repeat(definition.maxLength + 1), 'a\u0000b', '\ud800', 1]
    default: return [[], [''], ['x'.repeat(definition.maxLength + 1)], 'x', [1]]
  }
}

for (const [name, definition] of Object.entries<SettingDefinition>(SETTINGS)) {
  t.test(`${name} takes its default and nothing outside of its bounds`, async (t) => {
    const key = name as SettingName
    t.match(checkSetting(key, definition.default), { ok: true, value: definition.default })
    if (definition.type === 'int') {
      t.match(checkSetting(key, definition.min), { ok: true })
      t.match(checkSetting(key, definition.max), { ok: true })
    }
    t.strictSame(wrong(definition).filter((value) => checkSetting(key, value).ok), [])
  })
}

t.strictSame(['nothing', 'constructor', '__proto__', 'toString', ''].filter(isSettingName), [], 'what objects inherit is no setting')
