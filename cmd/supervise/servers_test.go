package main_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestServers supervises a real web server and a real database: one is killed, and comes
// back; the other is stopped in the middle of a request, and finishes it.
func TestServers(t *testing.T) {
	for _, name := range []string{"nginx", "redis-server"} {
		if _, err := lookServer(name); err != nil {
			t.Skipf("%s is not installed", name)
		}
	}
	eachUser(t, func(t *testing.T, as setup) {
		begun, let := make(chan struct{}), make(chan struct{})
		finish := sync.OnceFunc(func() { close(let) })
		backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			close(begun)
			<-let
			_, _ = io.WriteString(w, "finished")
		}))
		t.Cleanup(backend.Close)
		t.Cleanup(finish) // or it would wait for the request
		front, database := freePort(t), freePort(t)

		s := prepare(t, entryBuild, serversConfig(t, database), as)
		writeFile(t, s.dir+"/nginx.conf", fmt.Sprintf(nginxConfig, s.dir, front, backend.URL))
		s.launch(t)

		first := s.await("redis", up("redis")).PID
		s.await("redis takes connections", ready("redis", "Ready to accept connections"))
		ping(t, database)
		kill(t, first, syscall.SIGKILL)
		s.await("redis was killed", says("redis", "killed by SIGKILL"))
		if second := s.await("redis again", up("redis")).PID; second == first {
			t.Errorf("redis still has pid %d", first)
		}
		s.await("redis takes connections again", ready("redis", "Ready to accept connections"))
		ping(t, database)

		s.rewind()
		s.await("a worker of nginx", ready("nginx", "start worker process "))
		answer := make(chan string, 1)
		go func() { answer <- get("http://" + front + "/") }()
		await(t, "the request behind nginx", begun)
		s.signal(t, syscall.SIGTERM)
		s.await("SIGQUIT for nginx", says("nginx", "sent SIGQUIT"))
		s.await("nginx shuts down", ready("nginx", "gracefully shutting down"))
		finish()
		if got := await(t, "the answer", answer); got != "200 OK finished" {
			t.Errorf("the request that was under way got %q", got)
		}
		lines := s.end(t)
		if count(lines, says("nginx", "exited with code 0")) != 1 {
			t.Errorf("nginx did not end by itself\n%s", s.text())
		}
	})
}

// lookServer finds a server, which are not in every user's PATH.
func lookServer(name string) (string, error) {
	if file, err := exec.LookPath(name); err == nil {
		return file, nil
	}
	return exec.LookPath("/usr/sbin/" + name)
}

func serversConfig(t *testing.T, database string) string {
	t.Helper()
	nginx, _ := lookServer("nginx")
	redis, _ := lookServer("redis-server")
	_, port, _ := net.SplitHostPort(database)
	return fmt.Sprintf(`
[service.nginx]
command = [%q, "-e", "stderr", "-c", "$DIR/nginx.conf"]
stop.ladder = [
  { signal = "SIGQUIT", scope = "main", timeout = "30s" },
  { signal = "SIGTERM", scope = "group", timeout = "5s" },
]

[service.redis]
command = [%q, "--port", %q, "--bind", "127.0.0.1", "--save", "", "--dir", "$DIR"]
restart.delay = "10ms"
`, nginx, redis, port)
}

const nginxConfig = `
daemon off;
error_log stderr notice;
pid %[1]s/nginx.pid;
worker_processes 1;
events {}
http {
	access_log off;
	client_body_temp_path %[1]s/body;
	proxy_temp_path %[1]s/proxy;
	fastcgi_temp_path %[1]s/fastcgi;
	uwsgi_temp_path %[1]s/uwsgi;
	scgi_temp_path %[1]s/scgi;
	server {
		listen %[2]s;
		location / { proxy_pass %[3]s; }
	}
}
`

// ready matches a line of a service that contains a text.
func ready(service, text string) func(line) bool {
	return func(l line) bool { return l.Service == service && strings.Contains(l.Line, text) }
}

// freePort returns an address on the loopback interface that nobody listened on just now.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func ping(t *testing.T, address string) {
	t.Helper()
	conn, err := net.DialTimeout("tcp", address, patience)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	_, _ = io.WriteString(conn, "PING\r\n")
	if text, err := bufio.NewReader(conn).ReadString('\n'); text != "+PONG\r\n" {
		t.Errorf("redis answers %q, %v", text, err)
	}
}

func get(url string) string {
	client := http.Client{Timeout: patience}
	response, err := client.Get(url)
	if err != nil {
		return err.Error()
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err.Error()
	}
	return response.Status + " " + string(body)
}
