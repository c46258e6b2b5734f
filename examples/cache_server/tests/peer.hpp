// A server in a process of its own, and connections to it that do as they are told, good or bad.
#ifndef EVAC_EXAMPLES_CACHE_SERVER_TESTS_PEER_HPP
#define EVAC_EXAMPLES_CACHE_SERVER_TESTS_PEER_HPP

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cache_server_test {

/// Against hangs only.
inline constexpr int patience_ms = 60'000;

/// As a client sends a request.
[[nodiscard]] inline std::string request_of(const std::vector<std::string>& words) {
  std::string text = '*' + std::to_string(words.size()) + "\r\n";
  for (const std::string& each : words) text += '$' + std::to_string(each.size()) + "\r\n" + each + "\r\n";
  return text;
}

/// A blocking connection to a port of this machine.
class connection {
 public:
  explicit connection(unsigned short port, int receive_buffer = 0) : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    if (receive_buffer != 0) setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_port = htons(port);
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    is_open_ = connect(socket_, reinterpret_cast<const sockaddr*>(&where), sizeof where) == 0;
  }
  connection(connection&& other) noexcept
      : socket_(std::exchange(other.socket_, -1)), is_open_(other.is_open_), read_(std::move(other.read_)) {}
  connection& operator=(connection&&) = delete;
  ~connection() {
    if (socket_ >= 0) close(socket_);
  }

  [[nodiscard]] bool is_open() const { return is_open_; }
  [[nodiscard]] int descriptor() const { return socket_; }
  void stop_sending() const { shutdown(socket_, SHUT_WR); }

  /// Returns whether all was sent.
  bool send(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t sent = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  /// The next reply as it was sent, with all its elements. Throws where the connection ends, or nothing comes for long.
  [[nodiscard]] std::string reply() {
    std::string text = line();
    const long long number = text[0] == '$' || text[0] == '*' ? std::stoll(text.substr(1)) : -1;
    if (text[0] == '$' && number >= 0) text += bytes(static_cast<std::size_t>(number) + 2);
    for (long long i = 0; text[0] == '*' && i < number; ++i) text += reply();
    return text;
  }
  [[nodiscard]] std::string ask(const std::vector<std::string>& words) {
    send(request_of(words));
    return reply();
  }
  /// The elements of a reply that is an array of bulk strings.
  [[nodiscard]] static std::vector<std::string> elements_of(std::string_view reply) {
    std::vector<std::string> elements;
    for (std::size_t at = reply.find('\n') + 1; at < reply.size();) {
      const std::size_t size = std::stoul(std::string(reply.substr(at + 1, 20)));
      at = reply.find('\n', at) + 1;
      elements.emplace_back(reply.substr(at, size));
      at += size + 2;
    }
    return elements;
  }
  /// Whether the other side ends the connection; what it sends before is kept for rest().
  [[nodiscard]] bool ends() {
    try {
      for (;;) receive();
    } catch (const std::runtime_error&) {
      return has_ended_;
    }
  }
  /// All that comes until the other side ends the connection.
  [[nodiscard]] std::string rest() {
    static_cast<void>(ends());
    return std::move(read_);
  }

 private:
  void receive() {
    pollfd waits{socket_, POLLIN, 0};
    if (poll(&waits, 1, patience_ms) != 1) throw std::runtime_error("no reply");
    std::array<char, 16384> buffer;
    const ssize_t got = recv(socket_, buffer.data(), buffer.size(), 0);
    has_ended_ = got <= 0;
    if (has_ended_) throw std::runtime_error("the connection has ended");
    read_.append(buffer.data(), static_cast<std::size_t>(got));
  }
  [[nodiscard]] std::string bytes(std::size_t count) {
    while (read_.size() < count) receive();
    std::string result = read_.substr(0, count);
    read_.erase(0, count);
    return result;
  }
  [[nodiscard]] std::string line() {
    std::size_t end = 0;
    while ((end = read_.find("\r\n")) == std::string::npos) receive();
    return bytes(end + 2);
  }

  int socket_;
  bool is_open_ = false;
  bool has_ended_ = false;
  std::string read_;
};

/// A program that listens.
class process {
 public:
  /// Starts a program, whose standard output `said()` returns.
  explicit process(std::vector<std::string> words) {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    std::vector<char*> arguments;
    for (std::string& each : words) arguments.push_back(each.data());
    arguments.push_back(nullptr);
    // AddressSanitizer keeps freed memory back, which would look as if the server did not give it back.
    const char* const given = std::getenv("ASAN_OPTIONS");
    ::setenv("ASAN_OPTIONS", ((given != nullptr ? given : "") + std::string(":quarantine_size_mb=4")).c_str(), 1);
    id_ = fork();
    if (id_ == 0) {
      dup2(ends[1], STDOUT_FILENO);
      execvp(arguments[0], arguments.data());
      _exit(127);
    }
    close(ends[1]);
    output_ = ends[0];
  }
  process(const process&) = delete;
  process& operator=(const process&) = delete;
  ~process() {
    if (id_ > 0) kill(id_, SIGKILL);
    if (id_ > 0) waitpid(id_, nullptr, 0);
    close(output_);
  }

  [[nodiscard]] pid_t id() const { return id_; }
  /// The next line of its output; empty at the end.
  [[nodiscard]] std::string said() const {
    std::string line;
    for (char c = 0; read(output_, &c, 1) == 1 && c != '\n';) line += c;
    return line;
  }
  /// Its status when it has ended, as waitpid() tells it.
  [[nodiscard]] int end(int signal_number) {
    kill(id_, signal_number);
    int status = -1;
    waitpid(id_, &status, 0);
    id_ = -1;
    return status;
  }
  /// Resident memory, in bytes.
  [[nodiscard]] std::size_t memory() const {
    const std::string path = "/proc/" + std::to_string(id_) + "/statm";
    std::array<char, 128> text{};
    const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    const ssize_t got = file >= 0 ? read(file, text.data(), text.size() - 1) : 0;
    if (file >= 0) close(file);
    const std::string_view words(text.data(), static_cast<std::size_t>(got > 0 ? got : 0));
    const std::size_t blank = words.find(' ');
    return blank == std::string_view::npos ? 0 : std::stoul(std::string(words.substr(blank + 1))) * 4096;
  }

 private:
  pid_t id_ = -1;
  int output_ = -1;
};

/// The cache server, at a port of its own.
class cache_server_process : public process {
 public:
  explicit cache_server_process(std::vector<std::string> options = {}) : process(command(std::move(options))) {
    const std::string line = said();  // "listening at 127.0.0.1:40123, store sync"
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos) throw std::runtime_error("the server does not listen: " + line);
    port_ = static_cast<unsigned short>(std::stoi(line.substr(colon + 1)));
  }
  [[nodiscard]] unsigned short port() const { return port_; }
  [[nodiscard]] connection connect() const { return connection(port_); }

 private:
  [[nodiscard]] static std::vector<std::string> command(std::vector<std::string> options) {
    std::vector<std::string> words{EVAC_CACHE_SERVER, "--port", "0"};
    words.insert(words.end(), options.begin(), options.end());
    return words;
  }
  unsigned short port_ = 0;
};

}  // namespace cache_server_test

#endif
