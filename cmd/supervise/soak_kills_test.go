package main_test

import (
	"compress/gzip"
	"context"
	"errors"
	"flag"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"supervise/supervisor/control/client"
	"supervise/supervisor/control/request"
)

var soakKills = flag.Int("kills", 9, "how often TestSoakKills kills the supervisor of each user")

// soakServices are in a supervise run that is killed. A program that finds itself there
// already, or a survivor of it, says so in the file "doubled".
const soakServices = `journal = "$DIR/journal"
journal-size = "64KiB"
shutdown-timeout = "5s"
[service.web]
command = ["sh", "-c", '''$ALONE exec sleep 1000''']
environment.GENERATION = "$GENERATION"
[service.family]
command = ["sh", "-c", '''$ALONE setsid sleep 1000 & sleep 1000 & wait''']
[service.stubborn]
command = ["sh", "-c", '''$ALONE trap "" TERM HUP; while :; do sleep 1000; done''']
stop.timeout = "30ms"
[service.crashes]
command = ["sh", "-c", '''$ALONE (exec sleep 1000) & sleep 0.02; exit 1''']
stop.timeout = "5ms"
restart = { delay = "1ms", max-delay = "20ms" }
[service.talks]
command = ["sh", "-c", '''$ALONE while :; do i=; while [ ${#i} -lt 100 ]; do i=x$i; echo $i; done; sleep 0.02; done''']
log = { file = "$DIR/log", max-size = "8KiB", keep = 3, compress = "gzip" }
`

// soakMore are sometimes there, too.
const soakMore = `
[service.more]
command = ["sh", "-c", '''$ALONE exec sleep 1000''']
stop.signal = "SIGINT"
`

var soakNames = []string{"web", "family", "stubborn", "crashes", "talks", "more"}

// TestSoakKills kills a supervisor at random moments, while it starts, stops, updates and
// rotates, and starts it again each time: that takes no long, no service ever runs twice,
// and in the end nothing is left. docs/soak.md has what a large number of them gave.
func TestSoakKills(t *testing.T) {
	if _, err := exec.LookPath("flock"); err != nil {
		t.Skip("flock(1) is not there")
	}
	for name, as := range map[string]setup{"root": asRootWithGroup, "user": asOwnUser} {
		t.Run(name, func(t *testing.T) {
			if name == "root" {
				needRoot(t)
			}
			t.Parallel()
			k := &killed{supervised: prepare(t, entryBuild, "", as), random: rand.New(rand.NewPCG(9, uint64(len(name))))}
			t.Cleanup(func() {
				if t.Failed() {
					k.sandbox.killAll()
					k.removeObjects()
				}
			})
			for i := range *soakKills {
				if !t.Run(strconv.Itoa(i), func(t *testing.T) { k.round(t, i) }) {
					return
				}
			}
			if t.Run("last", k.last) {
				slices.Sort(k.took)
				t.Logf("%d kills; the next one had all services up after %v, 90 %% %v, at most %v; %d processes looked at",
					*soakKills, k.took[len(k.took)/2], k.took[len(k.took)*9/10], k.took[len(k.took)-1], k.seen)
			}
		})
	}
}

// asRootWithGroup has supervise run as root with a group that nobody else has, by which its
// objects are known.
func asRootWithGroup(s *supervised) {
	gid, _ := ownUser()
	s.cmd.SysProcAttr.Credential = &syscall.Credential{Gid: gid}
}

// killed is a supervise run that is killed and started again.
type killed struct {
	*supervised // none of them, but what they have in common
	random      *rand.Rand
	config      sync.Mutex // of who writes it
	lives       int
	took        []time.Duration // from the start until all services were up
	ids         []objects
	seen        int // processes
}

// configure writes one of several configurations. Never is there half a file.
func (k *killed) configure(t *testing.T, random *rand.Rand) {
	const alone = `exec 9>>"$DIR/$SUPERVISE_SERVICE.lock"; flock -n 9 || echo "$SUPERVISE_SERVICE" >>"$DIR/doubled";`
	text := soakServices
	if random.IntN(2) == 0 {
		text += soakMore
	}
	text = strings.NewReplacer("$GENERATION", strconv.Itoa(random.IntN(3)), "$ALONE", alone).Replace(text)
	text = withRuntime(k.runtime, strings.ReplaceAll(text, "$DIR", k.dir))
	k.config.Lock()
	defer k.config.Unlock()
	next := filepath.Join(k.dir, "next.toml")
	if err := errors.Join(os.WriteFile(next, []byte(text), 0o644), os.Rename(next, filepath.Join(k.dir, "test.toml"))); err != nil {
		t.Error(err)
	}
}

// lifeVariable begins an entry in the environment of all that one supervise run has started.
const lifeVariable = "SUPERVISE_TEST_LIFE="

// next starts a supervise run in the place of the one before.
func (k *killed) next(t *testing.T) *supervised {
	t.Helper()
	s := &supervised{dir: k.dir, runtime: k.runtime, sandbox: k.sandbox}
	s.cmd = exec.Command(k.cmd.Path, slices.Replace(slices.Clone(k.cmd.Args[1:]), 4, 5, "info")...)
	k.lives++
	s.cmd.Env, s.cmd.SysProcAttr = append(slices.Clone(k.cmd.Env), lifeVariable+strconv.Itoa(k.lives)), k.cmd.SysProcAttr
	s.launch(t)
	return s
}

// up starts one, waits until its services are up, and looks at what there is.
func (k *killed) up(t *testing.T) *supervised {
	t.Helper()
	begun := time.Now()
	s := k.next(t)
	for _, name := range soakNames[:5] {
		s.rewind()
		s.await(name+" is up", up(name))
	}
	k.took = append(k.took, time.Since(begun))
	if took := k.took[len(k.took)-1]; took > patience/4 {
		t.Errorf("the start took %v", took)
	}
	k.look(t, s)
	return s
}

// look fails the test if there is a process of an earlier supervise, or an object.
func (k *killed) look(t *testing.T, s *supervised) {
	t.Helper()
	lives := map[string][]int{}
	for _, pid := range s.sandbox.pids() {
		environ, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/environ")
		if err != nil || !alive(pid) {
			continue
		}
		for entry := range strings.SplitSeq(string(environ), "\x00") {
			if life, ok := strings.CutPrefix(entry, lifeVariable); ok {
				lives[life] = append(lives[life], pid)
			}
		}
	}
	if now := strconv.Itoa(k.lives); len(lives) != 1 || lives[now] == nil {
		t.Errorf("there are processes of %d supervises, that of %s being there now: %v", len(lives), now, lives)
	}
	k.seen += len(lives[strconv.Itoa(k.lives)])
	o := s.objects(t)
	if n := o.there(t); n != 4 {
		t.Errorf("it has %d objects", n)
	}
	k.ids = append(k.ids, o)
	k.checkObjects(t, 4)
}

// checkObjects counts all objects of the test's user or group, if that is nobody else's.
func (k *killed) checkObjects(t *testing.T, want int) {
	t.Helper()
	credential := k.cmd.SysProcAttr.Credential
	if credential == nil {
		return
	}
	gid, n := strconv.Itoa(int(credential.Gid)), 0
	for kind, column := range map[string]int{"msg": 10, "shm": 10, "sem": 7} { // cgid
		for _, line := range sysv(t, kind) {
			if strings.Fields(line)[column] == gid {
				n++
			}
		}
	}
	if n != want {
		t.Errorf("there are %d objects, want %d", n, want)
	}
}

// round starts a supervise run and kills it, in one of three ways: while it starts, while it
// is commanded, and while it shuts down.
func (k *killed) round(t *testing.T, i int) {
	k.configure(t, k.random)
	moment := func(most time.Duration) <-chan time.Time { return time.After(rand.N(most)) }
	var s *supervised
	switch i % 3 {
	case 0:
		s = k.next(t)
		<-moment(60 * time.Millisecond)
	case 1:
		s = k.up(t)
		k.command(t, s, moment(400*time.Millisecond))
	default:
		s = k.up(t)
		s.signal(t, syscall.SIGTERM)
		<-moment(50 * time.Millisecond)
	}
	s.signal(t, syscall.SIGKILL)
	status := s.wait(t)
	s.done = true
	if status != 128+int(syscall.SIGKILL) && (status != 0 || i%3 != 2) {
		t.Errorf("it ended with status %d", status)
	}
	k.checkAlone(t)
}

// command commands a supervise run until the moment comes.
func (k *killed) command(t *testing.T, s *supervised, moment <-chan time.Time) {
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	for range 3 {
		random := rand.New(rand.NewPCG(k.random.Uint64(), 0))
		all.Go(func() {
			c, err := client.Dial(s.runtime)
			if err != nil {
				return // it is killed already
			}
			verbs := slices.Sorted(maps.Keys(orders))
			for ctx.Err() == nil {
				var q request.Request = request.Reopen{}
				switch n := random.IntN(10); n {
				case 0:
					k.configure(t, random)
					q = request.Update{}
				case 1:
				default:
					q = orders[verbs[random.IntN(len(verbs))]](soakNames[random.IntN(len(soakNames))])
				}
				once, end := context.WithTimeout(ctx, rand.N(50*time.Millisecond))
				_, _ = c.Call(once, q)
				end()
			}
		})
	}
	<-moment
	// It is killed while they are at it.
	s.signal(t, syscall.SIGKILL)
	cancel()
	all.Wait()
}

// checkAlone fails the test if a service ever found itself there already.
func (k *killed) checkAlone(t *testing.T) {
	t.Helper()
	if names, err := os.ReadFile(filepath.Join(k.dir, "doubled")); err == nil {
		t.Errorf("twice there were: %q", names)
	}
}

// last starts the last one, which ends as it should.
func (k *killed) last(t *testing.T) {
	k.configure(t, k.random)
	s := k.up(t)
	s.stop(t, syscall.SIGTERM)
	k.checkAlone(t)
	k.checkObjects(t, 0)
	for _, o := range k.ids {
		if n := o.there(t); n > 0 {
			t.Errorf("%d objects are left of %+v", n, o)
		}
	}
	if left := list(s.runtime); len(left) != 1 {
		t.Errorf("in the runtime directory is left: %q", left)
	}
	k.checkFiles(t)
	if out, code := s.run(t, "replay", filepath.Join(k.dir, "journal")); code != 0 {
		t.Errorf("replay: status %d: %.2000s", code, out)
	}
}

// checkFiles fails the test if a log is incomplete, or there are files that nobody will find.
func (k *killed) checkFiles(t *testing.T) {
	t.Helper()
	for _, name := range list(k.dir) {
		switch base := filepath.Base(name); {
		case strings.HasSuffix(base, ".lock") || base == "runtime" || base == "test.toml" || base == "next.toml":
		case base == "journal" || base == "journal.1" || base == "log" || base == "log.1" || base == "log.2" || base == "log.3":
		case base == "log.1.gz" || base == "log.2.gz" || base == "log.3.gz":
			file, err := os.Open(filepath.Join(k.dir, base))
			if err != nil {
				t.Error(err)
				continue
			}
			unzip, err := gzip.NewReader(file)
			if err == nil {
				_, err = io.Copy(io.Discard, unzip)
			}
			if err != nil {
				t.Errorf("%s: %v", base, err)
			}
			_ = file.Close()
		default:
			t.Errorf("a file is left: %s", name)
		}
	}
}
