"""Commands that put several rooms together; each has main(argv)."""
