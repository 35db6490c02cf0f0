#!/usr/bin/python3
"""Times fettle's benchmarks against the Python peers beside the data, in one run.

usage: bench_eval.py [--repeat N] [--discord]

Takes the program from $FETTLE (default build/fettle) and the data from $FETTLE_DATA (default
../shared/data); needs python3-numpy, -scipy, -pandas and -sklearn for the peers. Each figure is the
best of N runs (default 3), with reading, detecting and scoring. fettle's is that of the whole
process, on the cores that there are. The peers are single-threaded; on SKAB the seconds that their
imports take do not count, on NAB and UCR (numpy alone) they do.
--discord adds fettle's own detector on UCR, which takes minutes and has no peer here.
"""
import argparse
import glob
import json
import os
import subprocess
import sys
import tempfile
import time

PROGRAM = os.environ.get('FETTLE', 'build/fettle')
DATA = os.environ.get('FETTLE_DATA', '../shared/data')
SCRIPTS = os.path.join(DATA, 'baselines', 'scripts')

# The script demands all 34 files, times nothing alone and runs at once: so its functions are used.
# Its reading is part of what is timed.
SKAB_PEER = '''
import sys, time, warnings
warnings.simplefilter('ignore')
import numpy, pandas, scipy.stats, sklearn.ensemble, sklearn.neighbors, sklearn.svm
source = open(sys.argv[2]).read().replace('assert len(files) == 34', '')
sys.argv = sys.argv[:2]
started = time.time()
scope = {'__name__': 'peer'}
exec(source, scope)
read = time.time() - started
for name, detector, cp in (('t2', scope['t2'](), 'diff'), ('t2q', scope['t2q'](), 'diff'),
                           ('isolation_forest', scope['iforest'](0), 'roll30')):
    started = time.time()
    scope['run'](name, detector, cp=cp)
    print('seconds', name, read + time.time() - started)
'''


def fettle(*args):
    """Seconds of the whole process, and its report."""
    started = time.time()
    out = subprocess.run([PROGRAM, 'eval', *args, '--json'], stdout=subprocess.PIPE, check=True)
    return time.time() - started, json.loads(out.stdout)


def best(repeat, measure):
    return min((measure() for _ in range(repeat)), key=lambda r: r[0])


def python(*args):
    env = dict(os.environ, OMP_NUM_THREADS='1')
    return subprocess.run([sys.executable, *args], stdout=subprocess.PIPE, env=env, check=True,
                          text=True).stdout


def show(what, ours, report, peer=None, note=''):
    speed = report['readings_per_second'] / 1e6
    line = f'{what:28s} fettle {ours:7.3f} s ({speed:6.1f} M readings/s a core)'
    if peer is not None:
        line += f'   python {peer:7.3f} s   {peer / ours:6.1f} x'
    print(line + note, flush=True)


def skab(repeat):
    folder = os.path.join(DATA, 'skab')
    peers = {}
    for _ in range(repeat):
        out = python('-c', SKAB_PEER, folder, os.path.join(SCRIPTS, 'skab_baselines.py'))
        for word, name, seconds in (l.split() for l in out.splitlines() if l[:8] == 'seconds '):
            peers[name] = min(float(seconds), peers.get(name, 1e9))
    for name, peer in peers.items():
        show(f'skab {name}', *best(repeat, lambda: fettle('skab', folder, '--detector', name)), peer)
    show('skab (default)', *best(repeat, lambda: fettle('skab', folder)))


def nab(repeat):
    """The script wants every file that the labels name: it gets labels of those that are there."""
    folder = os.path.abspath(os.path.join(DATA, 'nab'))
    with tempfile.TemporaryDirectory() as temp:
        with open(os.path.join(folder, 'labels', 'combined_windows.json')) as f:
            labels = json.load(f)
        os.symlink(os.path.join(folder, 'data'), os.path.join(temp, 'data'))
        os.mkdir(os.path.join(temp, 'labels'))
        with open(os.path.join(temp, 'labels', 'combined_windows.json'), 'w') as f:
            json.dump({k: v for k, v in labels.items()
                       if os.path.exists(os.path.join(folder, 'data', k))}, f)
        peer = 1e9
        for _ in range(min(repeat, 2)):
            started = time.time()
            python(os.path.join(SCRIPTS, 'nab_score.py'), temp, '--wg',
                   os.path.join(temp, 'scores.tsv.gz'))
            peer = min(peer, time.time() - started)
    show('nab windowed_gaussian', *best(
        repeat, lambda: fettle('nab', folder, '--detector', 'windowed_gaussian')), peer)
    show('nab (default)', *best(repeat, lambda: fettle('nab', folder)))


def ucr(repeat, discord):
    folder = os.path.join(DATA, 'ucr')
    peer = 1e9
    for _ in range(repeat):
        started = time.time()
        python(os.path.join(SCRIPTS, 'ucr_baselines.py'), folder)
        peer = min(peer, time.time() - started)
    show('ucr second_difference', *best(
        repeat, lambda: fettle('ucr', folder, '--detector', 'second_difference')), peer,
         ' (the script computes six more statistics)')
    if discord:
        show('ucr discord', *fettle('ucr', folder, '--detector', 'discord'))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--repeat', type=int, default=3)
    parser.add_argument('--discord', action='store_true')
    args = parser.parse_args()
    if not glob.glob(os.path.join(SCRIPTS, '*.py')):
        sys.exit(f'{SCRIPTS}: no scripts there; set FETTLE_DATA')
    skab(args.repeat)
    nab(args.repeat)
    ucr(args.repeat, args.discord)


if __name__ == '__main__':
    main()
