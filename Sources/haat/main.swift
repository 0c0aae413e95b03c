print("haat")
