"""What a position can come to: `expiry` in closed form, `options` by QuantLib.

QuantLib holds the interpreter's lock while it computes, so that `options` imports it only when it is called and must never be
called in a web worker.
"""
