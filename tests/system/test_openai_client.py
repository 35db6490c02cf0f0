"""OpenAI's own client for Node holds a conversation with the real program."""
import os
import shutil
import subprocess
import sys
import tempfile

from fettle_process import Fettle

VERSION = "4.104.0"
HERE = os.path.dirname(os.path.abspath(__file__))


def skip(why):
    print("1 conversation left out: " + why)
    sys.exit(77)


def fetch_client(folder):
    """npm installs the client into `folder`; where it cannot, the test is left out."""
    if not shutil.which("node") or not shutil.which("npm"):
        skip("node and npm are not installed")
    try:
        done = subprocess.run(
            ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", folder,
             "openai@" + VERSION], capture_output=True, text=True, timeout=120)
    except subprocess.TimeoutExpired:
        skip("npm did not answer")
    if done.returncode != 0:
        skip("npm cannot fetch the package: " + done.stderr.strip()[-200:])


def main():
    program = os.environ["FETTLE"]
    with tempfile.TemporaryDirectory() as folder:
        client = os.path.join(folder, "client")
        os.makedirs(client)
        fetch_client(client)
        model = os.path.join(folder, "tiny.gguf")
        subprocess.run([program, "model", "synth", "--like", "tiny-chat", "--type", "Q8_0", model],
                       check=True, stdout=subprocess.DEVNULL)
        data = os.path.join(folder, "data")
        os.makedirs(data)
        fettle = Fettle(program, data, "--model", model, "--set", "llm.sessions=2",
                        "--set", "llm.queue=4", "--set", "llm.threads=2", "--set", "llm.context=2048")
        fettle.start()
        try:
            subprocess.run(["node", os.path.join(HERE, "openai_client.mjs"),
                            "http://127.0.0.1:%d" % fettle.port, "tiny"],
                           check=True, timeout=200, env=dict(os.environ, OPENAI_FOLDER=client))
        finally:
            code, _ = fettle.stop()
        assert code == 0, "fettle ended with %d" % code


if __name__ == "__main__":
    main()
