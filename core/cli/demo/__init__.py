"""The demo: a made-up coffee roaster with made-up people, whose mail goes the real way and whose readers use the real links."""
