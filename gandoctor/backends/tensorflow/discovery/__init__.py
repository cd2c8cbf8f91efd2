"""Discovery: which networks of a running program play a GAN, told by what they are fed and which of them are trained.

Nothing is told by a name. `hooks` follows calls and updates, `flow` says whose output enters whom, `pairs` decides,
`steps` says where a step of a hand-written loop ends.
"""
