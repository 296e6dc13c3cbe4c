using System.CommandLine;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Messaging;

namespace AttentionGen.Samples.Cluster;

/// <summary>What every command that belongs to the cluster can be told, and what they all agree on.</summary>
/// <remarks>Silo n listens to other silos on port first + 2n, and to clients on the port after it.</remarks>
internal sealed class ClusterSetup
{
    /// <summary>The most silos of one machine that a client looks for.</summary>
    public const int MaxSilos = 16;

    /// <summary>How long a client waits for one answer. A batch or a range takes a small part of it.</summary>
    public static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(15);

    private const string Name = "attentiongen";

    public ClusterSetup()
    {
        FirstPort.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 1024 or > 65_535 - (2 * MaxSilos))
                result.AddError($"--first-port must be 1024 to {65_535 - (2 * MaxSilos)}, but is {result.GetValueOrDefault<int>()}.");
        });
    }

    public Option<int> FirstPort { get; } = new("--first-port")
    {
        Description = "The port of silo 0. Each silo takes two ports.",
        HelpName = "PORT",
        DefaultValueFactory = _ => 11_111,
        Recursive = true,
    };

    /// <summary>A silo that has not been started. Silo 0 keeps the list of the others in its memory, as Orleans does for one machine.</summary>
    public IHost CreateSilo(ParseResult result, int number, Action<IServiceCollection> addServices)
    {
        int first = result.GetValue(FirstPort);
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        AddConsole(builder.Logging);
        builder.UseOrleans(silo => silo
            .UseLocalhostClustering(first + (2 * number), first + (2 * number) + 1, new IPEndPoint(IPAddress.Loopback, first), Name, Name)
            .Configure<ClusterMembershipOptions>(options =>
            {
                // A silo that answers no probe for three seconds is taken for dead; the defaults wait for three times as long and more.
                options.ProbeTimeout = TimeSpan.FromSeconds(1);
                options.NumMissedProbesLimit = 3;
                options.TableRefreshTimeout = TimeSpan.FromSeconds(2);
                options.DefunctSiloCleanupPeriod = null;
            }));
        addServices(builder.Services);
        return builder.Build();
    }

    /// <summary>A client of whatever silos there are, now and later.</summary>
    public async Task<IHost> ConnectAsync(ParseResult result, CancellationToken cancellation)
    {
        int first = result.GetValue(FirstPort);
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.UseOrleansClient(client => client
            .Configure<ClusterOptions>(options => options.ClusterId = options.ServiceId = Name)
            .ConfigureServices(services => services.AddSingleton<IGatewayListProvider>(
                new LocalGateways([.. Enumerable.Range(0, MaxSilos).Select(number => first + (2 * number) + 1)])))
            .Configure<ClientMessagingOptions>(options =>
            {
                options.ResponseTimeout = AnswerTimeout;
                // A bucket of grains stays with its silo: a silo that is added gets new buckets only.
                options.ClientSenderBuckets = 1 << 20;
            })
            // A silo that was added is found, and one that died is tried again, after this time.
            .Configure<GatewayOptions>(options => options.GatewayListRefreshPeriod = TimeSpan.FromSeconds(1))
            .UseConnectionRetryFilter(async (_, cancellation) =>
            {
                await Task.Delay(TimeSpan.FromSeconds(0.5), cancellation);
                return true;
            }));
        IHost host = builder.Build();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(TimeSpan.FromSeconds(20));
        try
        {
            await host.StartAsync(limit.Token);
        }
        catch (Exception e) when (e is not IOException && limit.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw new IOException($"No silo answers on the ports from {first + 1} on: start one with the command silo.");
        }

        return host;
    }

    private static void AddConsole(ILoggingBuilder logging) => logging
        .AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace)
        // A silo that dies is no fault of the others, and they have much to say about it.
        .SetMinimumLevel(LogLevel.Error);
}
