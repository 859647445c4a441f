// An environment that remembers which of its variables were read, so that the greeting can name the keys nobody uses.

type Env = Readonly<Record<string, string | undefined>>

export function recordingEnv(env: Env, read: Set<string>): Env {
  return new Proxy(env, {
    get(target, name) {
      if (typeof name !== 'string') return undefined
      const value = target[name]
      if (value !== undefined) read.add(name)
      return value
    },
  })
}
