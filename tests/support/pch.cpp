// Exists to give the precompiled header a target of its own, which the test programs share.
