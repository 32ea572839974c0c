from cellwarden.cli import main

main()
