print("fwlint")
